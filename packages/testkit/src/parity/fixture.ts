import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { FormatError, type HostTensor, hostF32, hostI32, readSafetensors, type Shape } from "@dit/core";
import { toFloat64 } from "@dit/core/internal";

/** Numbers with a shape: a stored tensor, or what we computed for one. */
export interface Values {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}

/** A json file beside tensors. Every tensor that is asked for counts as used; those left over are reported. */
export interface Fixture {
  readonly file: string;
  /** Where the files lie that it is about, if there are any: see `folderOf`. */
  readonly folder: string;
  readonly kind: string;
  readonly json: Readonly<Record<string, unknown>>;
  /** Names of its tensors. */
  readonly names: readonly string[];
  has(name: string): boolean;
  /** @throws FormatError when there is no such tensor */
  stored(name: string): Values;
  /** A stored tensor as an input of a graph. */
  f32(name: string): HostTensor<"f32">;
  i32(name: string): HostTensor<"i32">;
  /** An entry of the json. @throws FormatError when there is none */
  setting<T>(key: string): T;
  /** Entries of the json whose keys begin with `prefix`. */
  settings<T>(prefix: string): readonly T[];
  /** Tensors that were not asked for. */
  unused(): readonly string[];
}

/** A json file of a folder that says what kind of fixture it is, or is damaged and does not. */
export interface FixtureFile {
  readonly file: string;
  readonly kind: string;
  /** @throws FormatError when it is damaged */
  read(): Fixture;
}

/** The kind of a file that is no JSON: it may be a damaged fixture of any kind, which is not to be passed over. */
export const notJson = "(not JSON)";

/** Every fixture in a folder and its sub-folders. A json file without a kind is none. */
export function findFixtures(folder: string): FixtureFile[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".json"));
  return files.sort().flatMap((file) => {
    let json: Readonly<Record<string, unknown>> | undefined;
    try {
      json = parse(readFileSync(join(folder, file), "utf8"));
    } catch (cause) {
      return [damaged(file, cause as Error)];
    }
    const kind = json?.kind;
    if (json === undefined || typeof kind !== "string") return [];
    const tensorFile = join(folder, file.replace(/json$/, "safetensors"));
    return [
      {
        file,
        kind,
        read: () =>
          fixtureOf(
            file,
            kind,
            json,
            existsSync(tensorFile) ? readTensors(tensorFile) : new Map(),
            folderOf(join(folder, file)),
          ),
      },
    ];
  });
}

function damaged(file: string, cause: Error): FixtureFile {
  return {
    file,
    kind: notJson,
    read: () => {
      throw new FormatError(`${file} is no JSON, copy it again: ${cause.message}`, { cause });
    },
  };
}

/** `X.json` and `X-expected.json` belong to the folder `X` beside them, and `expected.json` to the folder it lies in. */
function folderOf(path: string): string {
  const name = basename(path, ".json").replace(/-?expected$/, "");
  return join(dirname(path), name);
}

/** A fixture from its parts. */
export function fixtureOf(
  file: string,
  kind: string,
  json: Readonly<Record<string, unknown>>,
  tensors: ReadonlyMap<string, Values>,
  folder = ".",
): Fixture {
  const used = new Set<string>();
  const stored = (name: string): Values => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new FormatError(`${file}: there is no tensor ${name} beside it`);
    used.add(name);
    return tensor;
  };
  return {
    file,
    folder,
    kind,
    json,
    names: [...tensors.keys()],
    has: (name) => tensors.has(name),
    stored,
    f32: (name) => hostF32(stored(name).shape, stored(name).data),
    i32: (name) => hostI32(stored(name).shape, stored(name).data),
    setting: <T>(key: string): T => {
      if (!(key in json)) throw new FormatError(`${file}: ${key} is missing`);
      return json[key] as T;
    },
    settings: <T>(prefix: string) =>
      Object.keys(json).flatMap((key) => (key.startsWith(prefix) ? [json[key] as T] : [])),
    unused: () => [...tensors.keys()].filter((name) => !used.has(name)),
  };
}

/** The tensors of a safetensors file in float64, which holds every one of them exactly. */
export function readTensors(path: string): Map<string, Values> {
  const { tensors } = readSafetensors(new Uint8Array(readFileSync(path)));
  return new Map([...tensors].map(([name, entry]) => [name, { shape: entry.shape, data: toFloat64(entry) }]));
}

/** The object in a json file, if it is one. @throws SyntaxError when it is no JSON */
function parse(text: string): Record<string, unknown> | undefined {
  // Python writes numbers that JSON does not have; no check reads those.
  const json: unknown = JSON.parse(text.replace(/(?<=[\s:,[])(?:NaN|-?Infinity)(?=\s*[,\]}])/g, "null"));
  return typeof json === "object" && json !== null ? (json as Record<string, unknown>) : undefined;
}
