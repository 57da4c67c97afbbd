import { reference } from "@dit/core";
import { testBackend } from "./suite";

testBackend("reference", async () => reference(), { tolerance: 0 });
