import type { CoreRequest } from "../core.ts";
import { placePayload } from "./place-payload.ts";
import { type Fields, fieldsOf, first, isRequest, requestOf } from "./request-of.ts";
import { RowError, textOf } from "./row-error.ts";

/** One labelled request. */
export interface LabelledRow {
  readonly label: "attack" | "benign";
  readonly source: string;
  readonly category: string;
  readonly subtype: string;
  readonly request: CoreRequest;
}

const UNKNOWN = "unknown";
const NAME_MOST = 80;
const attackLabels = ["attack", "malicious", "anomalous", "bad", "true", "1"];
const benignLabels = ["benign", "normal", "legitimate", "good", "false", "0"];

/**
 * A line of labelled data: a whole request, or a `payload` that is placed into one, for both labels alike. Fields that
 * are not known are left alone; see `docs/model.md` for what they may be called.
 * @throws RowError what is missing or not what it should be
 */
export function labelledRow(text: string): LabelledRow {
  const row = parse(text);
  const label = labelOf(row);
  const request = requestIn(row);
  return {
    label,
    source: name(row, "source"),
    category: label === "benign" ? name(row, "category", "benign") : name(row, "category"),
    subtype: name(row, "subtype"),
    request,
  };
}

function parse(text: string): Fields {
  try {
    return fieldsOf(JSON.parse(text), "the line");
  } catch (error) {
    if (error instanceof RowError) throw error;
    throw new RowError(`not JSON: ${(error as Error).message}`);
  }
}

function labelOf(row: Fields): LabelledRow["label"] {
  const given = textOf(first(row, "label", "class") ?? "", "label").toLowerCase();
  if (attackLabels.includes(given)) return "attack";
  if (benignLabels.includes(given)) return "benign";
  throw new RowError(`label: expected "attack" or "benign", found ${JSON.stringify(row.label ?? null)}`);
}

function requestIn(row: Fields): CoreRequest {
  if (!isPayload(row)) return requestOf(row.request === undefined ? row : fieldsOf(row.request, "request"));
  const { payload } = row;
  if (typeof payload === "string") return placePayload(Buffer.from(payload), row.as_path === true);
  const encoded = first(row, "payload_base64", "payloadBase64");
  if (typeof encoded !== "string") throw new RowError("payload: expected text");
  return placePayload(Buffer.from(encoded, "base64"), row.as_path === true);
}

/** `kind` says so, or the row has nothing of a request but a payload. */
function isPayload(row: Fields): boolean {
  if (row.kind === "payload" || row.kind === "request") return row.kind === "payload";
  return first(row, "payload", "payload_base64", "payloadBase64") !== undefined && !isRequest(row);
}

function name(row: Fields, field: string, otherwise = UNKNOWN): string {
  const value = row[field];
  return typeof value === "string" && value !== "" ? value.slice(0, NAME_MOST) : otherwise;
}
