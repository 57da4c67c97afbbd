import type { Backend } from "@dit/core";
import type { Findings } from "./check";
import type { Fixture } from "./fixture";
export async function imagePreprocess(_f: Fixture, _b: Backend, _x: Findings): Promise<void> {}
