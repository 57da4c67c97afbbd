export { type TfjsOptions, tfjs } from "./backend";
export { devices, type TfjsDevice } from "./devices";
