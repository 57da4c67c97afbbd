import type { Command } from "@commander-js/extra-typings";
import { reportCommand } from "../commands/report";
import { answer, jsonOption } from "./shared";

/** `dit report` */
export function addReport(root: Command): void {
  root
    .command("report <run>")
    .description("write a run's report.html again, with the pictures drawn since")
    .addOption(jsonOption())
    .action((run, { json }) => {
      const { report } = reportCommand(run);
      answer(json, { report }, report);
    });
}
