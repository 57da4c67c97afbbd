import { ConfigError, didYouMean, type ModelConfig, nullLabel } from "@dit/core";
import imagenet from "./imagenetClasses.json" with { type: "json" };

/** Class names that an error lists; ImageNet has a thousand. */
const shownNames = 12;

/**
 * Labels by number or name; all when none is given, which for an unconditional model is the null label. A class may have
 * several names, with commas between. The names of a model of a thousand classes that has none are ImageNet's.
 * @throws ConfigError naming a class that the model does not know, or a name that several classes have
 */
export function labelsOf(config: ModelConfig, classes: readonly string[]): number[] {
  const { numClasses } = config.dit;
  if (numClasses === 0) {
    if (classes.length > 0) throw new ConfigError("the model is unconditional, it knows no classes: leave --class out");
    return [nullLabel(config.dit)];
  }
  if (classes.length === 0) return Array.from({ length: numClasses }, (_, i) => i);
  const names = config.classNames ?? (numClasses === imagenet.names.length ? imagenet.names : []);
  return classes.map((given) => labelOf(given, names, numClasses));
}

function labelOf(given: string, names: readonly string[], numClasses: number): number {
  if (given === "") throw new ConfigError("a class is empty; give a number or a name between the commas");
  const named = labelsNamed(given, names);
  if (named.length > 1)
    throw new ConfigError(`several classes are named ${given}; give one by number: ${named.join(", ")}`);
  const label = named[0] ?? (/^\d+$/.test(given) ? Number(given) : -1);
  if (label >= 0 && label < numClasses) return label;
  if (/^-?\d+$/.test(given) || names.length === 0) {
    throw new ConfigError(
      `class ${given} is out of range: the model knows ${numClasses} classes, 0..${numClasses - 1}`,
    );
  }
  const near = didYouMean(given, names.flatMap(namesIn));
  const known = `${names.slice(0, shownNames).join(", ")}${names.length > shownNames ? ", ..." : ""}`;
  throw new ConfigError(
    `there is no class "${given}"${near === undefined ? "" : `; did you mean ${near}?`} (classes: ${known})`,
  );
}

/** The classes of which `given` is the whole name, else one of the names, else one in other capitals. */
function labelsNamed(given: string, names: readonly string[]): number[] {
  const where = (isNamed: (name: string) => boolean) => names.flatMap((name, label) => (isNamed(name) ? [label] : []));
  const small = given.toLowerCase();
  const ways = [
    (name: string) => name === given,
    (name: string) => namesIn(name).includes(given),
    (name: string) => namesIn(name).some((one) => one.toLowerCase() === small),
  ];
  return ways.map(where).find((found) => found.length > 0) ?? [];
}

function namesIn(name: string): string[] {
  return name.split(",").map((one) => one.trim());
}
