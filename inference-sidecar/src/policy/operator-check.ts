import type { PolicyDocument } from "./document.ts";
import { refuseDigestOfNothing } from "./secret-digest.ts";
import type { Partly, WrittenPolicy } from "./written-policy.ts";

type Operators = NonNullable<Partly<WrittenPolicy>["operators"]>;

/** Reports operators that records could not tell apart, and tokens that are none. */
export function checkOperators(document: PolicyDocument, operators: Operators): void {
  for (const [index, operator] of operators.entries()) {
    refuseDigestOfNothing(document, operator?.tokenSha256, ["operators", index, "tokenSha256"]);
  }
  for (const field of ["name", "tokenSha256"] as const) {
    const values = operators.map((operator) => operator?.[field]);
    for (const [index, value] of values.entries()) {
      const first = values.indexOf(value);
      if (value === undefined || first === index) continue;
      const message = `also that of operator ${first + 1}`;
      document.report("operator", ["operators", index, field], message, `a ${field} of its own`);
    }
  }
}
