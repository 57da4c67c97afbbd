export { type OrtOptions, ort } from "./backend";
