import type { Command } from "@commander-js/extra-typings";
import { reportCommand } from "../commands/report";
import { answer, jsonOption } from "./shared";

/** `dit report` */
export function addReport(root: Command): void {
  root
    .command("report <run>")
    .description("write a run's report.html again, with the pictures drawn since")
    .addOption(jsonOption())
    .action(async (run, { json }) => {
      const { report } = await reportCommand(run);
      answer(json, { report }, report);
    });
}
