import { bytes } from "proxy-wasm-as/bytes";
import { denialBody, denialFields } from "../enforcement/denial";
import { identityFields } from "../enforcement/identity-fields";
import { Evaluation } from "../evaluate";
import { spoofedNames } from "../hygiene/stripped";
import { encodeDecision } from "../report/record";
import { Effect, Reason, reasonRow, Verdict } from "../verdict";
import { MessageWriter } from "./message";

const CONNECTION = bytes("connection");
const UPGRADE = bytes("Upgrade");

/**
 * What a gate does about a request: u32 status (200: it goes on); then of a denial the fields and the body, of a permit the names
 * to be taken out and the fields to be put in; the nonce for the response (empty: none); the record (`postern.v1.Decision`);
 * u32 whether it must be on the disk before the request goes on, and then the denial for where it can't be. Fields are lists of
 * names and values in turn.
 */
export function writeEnforcement(
  writer: MessageWriter,
  evaluation: Evaluation,
  verdict: Verdict,
  decision: Uint8Array,
  arrivedMillis: i64,
  encrypted: bool,
): void {
  const denied = verdict.effect == Effect.Deny;
  writer.u32(reasonRow(verdict.reason).status);
  if (denied) {
    writeDenial(writer, evaluation, verdict.reason, decision);
  } else {
    writeTexts(
      writer,
      spoofedNames(
        evaluation.request.headers,
        evaluation.policy,
        evaluation.authentication.isForwarded,
        evaluation.request.roles,
      ),
    );
    writeTexts(writer, issuedFields(evaluation));
  }
  writer.bytes(evaluation.authentication.nonce);
  writer.bytes(encodeDecision(arrivedMillis, encrypted, evaluation, verdict));
  const waits = !denied && evaluation.mustBeRecorded;
  writer.u32(u32(waits));
  if (waits) writeDenial(writer, evaluation, Reason.LogUnavailable, decision);
}

/** The identity, and what an upgrade may name in `connection` (`filter/enforcement/connection-options.ts`). */
function issuedFields(evaluation: Evaluation): Uint8Array[] {
  const fields = identityFields(evaluation);
  if (!evaluation.request.isUpgrade) return fields;
  fields.push(CONNECTION);
  fields.push(UPGRADE);
  return fields;
}

function writeDenial(writer: MessageWriter, evaluation: Evaluation, reason: Reason, decision: Uint8Array): void {
  writeTexts(writer, denialFields(evaluation, reason));
  writer.bytes(denialBody(reason, decision));
}

function writeTexts(writer: MessageWriter, texts: Uint8Array[]): void {
  writer.u32(texts.length);
  for (let i = 0; i < texts.length; i++) writer.bytes(texts[i]);
}
