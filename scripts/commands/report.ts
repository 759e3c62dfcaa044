import { writeFile } from "node:fs/promises";
import { renderHtml } from "../report/html.ts";
import { reportOf } from "../report/observe.ts";
import { renderText } from "../report/text.ts";
import { parseFlags } from "./parse-flags.ts";

const usage = "postern report [--state DIR] [--json] [--html FILE]";

/** Prints the maturity that the decision log shows, and writes it as one self-contained page. */
export async function report(args: string[]): Promise<number> {
  const { values } = parseFlags(usage, {
    args,
    options: {
      state: { type: "string", default: "./.postern" },
      json: { type: "boolean", default: false },
      html: { type: "string" },
    },
  });
  const maturity = await reportOf(values.state);
  if (values.html !== undefined) await writeFile(values.html, await renderHtml(maturity));
  process.stdout.write(values.json ? `${JSON.stringify(maturity, null, 2)}\n` : renderText(maturity));
  return 0;
}
