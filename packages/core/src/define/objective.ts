import { ConfigError } from "../ir/errors";
import { type DiffusionConfig, diffusionDefaults } from "./diffusion/config";
import { type FlowConfig, flowDefaults } from "./flow/config";

/** How a model is noised, trained and read: as a chain of diffusion steps or as a flow in continuous time. */
export type ObjectiveConfig = DiffusionConfig | FlowConfig;

/** What may be left out of an objective, `kind` too: models were diffusion models before there were flows. */
export type ObjectiveSettings = Partial<DiffusionConfig> | ({ readonly kind: "flow" } & Partial<FlowConfig>);

/** A complete objective: the defaults of its kind, then what is given. @throws ConfigError for an unknown kind */
export function objectiveConfig(given: ObjectiveSettings = {}): ObjectiveConfig {
  const { kind = "diffusion" } = given;
  switch (kind) {
    case "diffusion":
      return { ...diffusionDefaults, ...(given as Partial<DiffusionConfig>) };
    case "flow":
      return { ...flowDefaults, ...(given as Partial<FlowConfig>) };
    default:
      throw new ConfigError(
        `there is no objective ${JSON.stringify(kind satisfies never)} (objectives: diffusion, flow)`,
      );
  }
}
