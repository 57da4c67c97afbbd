import { FormatError } from "../ir/errors";
import type { FileTensor, TensorFile } from "./tensorFile";

/** The ending of the file that says which shard holds which tensor. */
export const shardIndexSuffix = ".safetensors.index.json";

/**
 * Opens a model that is cut into several safetensors files (shards) by its index. `open` gets each shard's name; a name that
 * leaves the folder is refused.
 * @throws FormatError when the index is no such file, or a shard does not hold what the index says
 * Source: the index files of Hugging Face transformers and diffusers.
 */
export function openShards(indexText: string, open: (name: string) => TensorFile): TensorFile {
  const weightMap = weightMapOf(indexText);
  const shards = new Map([...new Set(weightMap.values())].map((name) => [name, open(name)]));
  const tensors = [...weightMap].map(([name, shard]): [string, FileTensor] => {
    const tensor = shards.get(shard)!.tensors.get(name);
    if (tensor === undefined)
      throw new FormatError(`${shard} does not hold ${JSON.stringify(name)}, as the index says`);
    return [name, tensor];
  });
  return { metadata: {}, tensors: new Map(tensors) };
}

function weightMapOf(text: string): ReadonlyMap<string, string> {
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch (cause) {
    throw new FormatError("the index of shards is not valid JSON", { cause });
  }
  const map = (index as { weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== "object" || map === null) throw new FormatError("the index of shards has no weight_map");
  const entries = Object.entries(map);
  const wrong = entries.find(([, shard]) => typeof shard !== "string" || !/^[\w.-]+\.safetensors$/.test(shard));
  if (wrong !== undefined) {
    throw new FormatError(
      `the index of shards names the file ${JSON.stringify(wrong[1])} for ${JSON.stringify(wrong[0])}`,
    );
  }
  return new Map(entries as [string, string][]);
}
