import { MAXIMUM_RUN, SECTION_STRINGS } from "./blob-layout";
import { PolicyBlob } from "./policy-blob";

export function isString(blob: PolicyBlob, index: u32): bool {
  return index < <u32>blob.sectionCount(SECTION_STRINGS);
}

/** A run of at most `MAXIMUM_RUN` records, all within the section. */
export function isRun(blob: PolicyBlob, section: i32, start: u32, count: u32): bool {
  return count <= MAXIMUM_RUN && <u64>start + count <= <u64>blob.sectionCount(section);
}
