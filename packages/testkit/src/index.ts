export { type ConformanceOptions, testBackend } from "./conformance/suite";
export { formulaInput, formulaInts, formulaParameter, formulaUniform, formulaWeights } from "./formula";
export { peakMemory } from "./largeModel/peakMemory";
export { type Finding, type Findings, type Tolerance, toleranceOf } from "./parity/check";
export { type Fixture, findFixtures, fixtureOf, readTensors, type Values } from "./parity/fixture";
export { type Check, checkFixture, kinds, type Outcome, runParity } from "./parity/parity";
export { exitCodeOf, outcomeText, parityJson, summaryText } from "./parity/report";
export { findChromium, useSwiftShader } from "./swiftShader";
