import { appendFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { concatBytes, crc32c } from "@dit/core/internal";
import { bytesField, doubleField, floatField, varintField } from "./protobuf";

/** Writes scalars where `tensorboard --logdir runs` finds them. */
export interface TensorBoardWriter {
  readonly file: string;
  /** Appends one event. Values that are undefined are left out. */
  scalars(step: number, values: Readonly<Record<string, number | undefined>>): void;
}

export interface TensorBoardOptions {
  /** The first step that this start of the run will write; earlier starts' events from there on are void. */
  readonly firstStep?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** SessionLog.SessionStatus.START in TensorFlow's event.proto. */
const sessionStart = 1;

/**
 * Opens a new events file in `folder`, as every start of a run does: existing files are left as they are.
 * The second event says at which step this start begins; TensorBoard then drops what an interrupted start wrote beyond the checkpoint.
 */
export function tensorBoardWriter(folder: string, options: TensorBoardOptions = {}): TensorBoardWriter {
  const { firstStep = 0, now = Date.now } = options;
  mkdirSync(folder, { recursive: true });
  const file = unusedName(folder, Math.floor(now() / 1000));
  const time = () => doubleField(1, now() / 1000);
  writeFileSync(file, record([time(), bytesField(3, "brain.Event:2")]));
  appendFileSync(file, record([time(), varintField(2, firstStep), bytesField(7, [varintField(1, sessionStart)])]));
  return {
    file,
    scalars(step, values) {
      const entries = Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined);
      const summary = entries.map(([tag, value]) => bytesField(1, [bytesField(1, tag), floatField(2, value)]));
      appendFileSync(file, record([time(), varintField(2, step), bytesField(5, summary)]));
    },
  };
}

/** TFRecord framing: length and content, each followed by its masked checksum. */
function record(fields: readonly Uint8Array[]): Uint8Array {
  const body = concatBytes(fields);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(body.length), true);
  return concatBytes([length, maskedCrc(length), body, maskedCrc(body)]);
}

/** TensorFlow rotates and shifts its checksums, because checksums of data that contains checksums are weak. */
function maskedCrc(bytes: Uint8Array): Uint8Array {
  const crc = crc32c(bytes);
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0, true);
  return out;
}

/** TensorBoard reads files in the order of their names: seconds first, then a count. The usual host name is left out on purpose. */
function unusedName(folder: string, seconds: number): string {
  for (let n = 0; ; n++) {
    const file = join(folder, `events.out.tfevents.${String(seconds).padStart(10, "0")}.${n}.dit`);
    if (!existsSync(file)) return file;
  }
}
