/** What a flag names among `choices`. Ends the process where it names none, since nothing measured would pass for a good end. */
export function chosen<T>(flag: string, name: string, choices: Readonly<Record<string, T>>): T {
  if (Object.hasOwn(choices, name)) return choices[name]!;
  console.error(`--${flag} ${name}: take one of ${Object.keys(choices).join(", ")}`);
  process.exit(2);
}
