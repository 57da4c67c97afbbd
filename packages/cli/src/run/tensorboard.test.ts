import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { tensorBoardWriter } from "./tensorboard";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dit-tensorboard-"));
});

describe("tensorBoardWriter", () => {
  it("begins with the record that TensorFlow itself writes", () => {
    const { file } = tensorBoardWriter(folder, { now: () => 0 });
    // Length 24 with its checksum, then wall_time 0.0 and "brain.Event:2".
    const first = readFileSync(file).subarray(0, 40).toString("hex");
    expect(first.slice(0, 72)).toBe("1800000000000000a37f4b220900000000000000001a0d627261696e2e4576656e743a32");
    expect(first.slice(72)).toMatch(/^(?!00000000)/);
  });

  it("writes scalars that a reader of the format finds", () => {
    const writer = tensorBoardWriter(folder, { firstStep: 300, now: () => 1_500 });
    writer.scalars(301, { "loss/train": 0.25, "loss/validation": undefined, rate: 1e-4 });
    writer.scalars(2 ** 33, { "loss/train": Number.NaN });
    const events = readEvents(readFileSync(writer.file));
    expect(events.map((event) => event.step)).toEqual([0, 300, 301, 2 ** 33]);
    expect(events[1]?.started).toBe(true);
    expect(events[2]).toMatchObject({ time: 1.5, values: { "loss/train": 0.25, rate: Math.fround(1e-4) } });
    expect(events[3]?.values["loss/train"]).toBeNaN();
  });

  it("opens a new file for each start, in order", () => {
    const names = [1, 2, 3].map(() => basename(tensorBoardWriter(folder, { now: () => 1_700_000_000_000 }).file));
    expect(new Set(names).size).toBe(3);
    expect([...names].sort()).toEqual(names);
    expect(names[0]).toContain("tfevents.1700000000");
  });
});

interface Event {
  time: number;
  step: number;
  started: boolean;
  values: Record<string, number>;
}

/** An independent reader: walks records and fields without the writer's code. */
function readEvents(bytes: Buffer): Event[] {
  const events: Event[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    const event: Event = { time: 0, step: 0, started: false, values: {} };
    for (const { field, value } of fields(bytes.subarray(at + 12, at + 12 + length))) {
      if (field === 1) event.time = (value as Buffer).readDoubleLE(0);
      if (field === 2) event.step = value as number;
      if (field === 7) event.started = true;
      if (field !== 5) continue;
      for (const entry of fields(value as Buffer)) {
        const [tag, number] = fields(entry.value as Buffer);
        event.values[(tag!.value as Buffer).toString()] = (number!.value as Buffer).readFloatLE(0);
      }
    }
    events.push(event);
    at += length + 16;
  }
  return events;
}

function fields(bytes: Buffer): { field: number; value: number | Buffer }[] {
  const found: { field: number; value: number | Buffer }[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const type = key & 7;
    if (type === 0) {
      found.push({ field: key >> 3, value: varint() });
      continue;
    }
    const length = type === 1 ? 8 : type === 5 ? 4 : varint();
    found.push({ field: key >> 3, value: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}
