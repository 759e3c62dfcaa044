import assert from "node:assert/strict";
import { test } from "node:test";
import { loadCore } from "../../../scripts/core.ts";

const core = await loadCore();

function told(contentType: string, body: string | Uint8Array): string[] {
  const headers = contentType ? [["content-type", contentType] as const] : [];
  const request = { method: "POST", path: "/", headers, body: Buffer.from(body as string) };
  return (core.values([request])[0] ?? []).map(
    ({ label, forms }) => `${label} = ${Buffer.from(forms.at(-1)?.bytes ?? []).toString()}`,
  );
}

const ORDER = `<?xml version="1.0" encoding="UTF-8"?>
<o:order xmlns:o="urn:x" id='7'>
  <note>Fish &amp; chips, it's fine</note><empty/>
  <!-- by hand -->
</o:order>
`;

test("text, attributes and comments; no plain names, no declaration", () => {
  const expected = ["xml:xmlns:o = urn:x", "xml:id = 7", "xml:note = Fish & chips, it's fine", "xml: = by hand"];
  for (const type of ["text/xml", "application/xml; charset=utf-8", "application/soap+xml"]) {
    assert.deepEqual(told(type, ORDER), expected, type);
  }
  for (const type of ["", "text/plain"]) {
    assert.deepEqual(told(type, ORDER).slice(0, -1), expected, type);
  }
});

test("what is not declared as XML and looks so is a text as a whole, too", () => {
  const body = `<?xml version="1.0"?><svg onload="f()"/>`;
  for (const type of ["", "text/plain"]) assert.equal(told(type, body).at(-1), `body = ${body}`);
});

test("text around CDATA, comments and instructions is one text, as a parser gives it", () => {
  assert.deepEqual(told("text/xml", "<a>' un<![CDATA[ion sel]]>ec<!--c-->t<?p d?> 1</a>"), [
    "xml: = c",
    "xml: = <?p d?>",
    "xml:a = ' union select 1",
  ]);
  assert.deepEqual(told("text/xml", "<a><![CDATA[<script>]]></a>"), ["xml:a = <script>"]);
});

test("text around child elements is one text more, as most readers give that of an element", () => {
  const last = (body: string) => told("application/xml", body).at(-1);
  assert.deepEqual(told("application/xml", "<q>;<b/>cat<b c='>'/> /etc<b/>/passwd</q>"), [
    "xml:q = ;",
    "xml:b = cat",
    "xml:c = >",
    "xml:b = /etc",
    "xml:b = /passwd",
    "xml:q = ;cat /etc/passwd",
  ]);
  assert.equal(last("<q>1<b/>'<b/> or<b/> 1=1<b/>#</q>"), "xml:q = 1' or 1=1#");
  assert.equal(last("<r><a>x</a><q><i><b>un</b>io</i><!--c--><b>n<![CDATA[ <]]></b></q></r>"), "xml:r = xunion <");
  assert.equal(told("text/xml", "<r>x<q><i><b>un</b>io</i>n</q></r>").at(-2), "xml:q = union");
  assert.equal(
    last("<r><q><b>a</b><b>b</b></q></r>"),
    "xml:q = ab",
    "of a root that has no more the same is not said twice",
  );
  assert.equal(last("<r>a<b/></r>"), "xml:r = a");
});

test("declarations of a document type, and instructions, are values as a whole", () => {
  const type = '<!DOCTYPE a [ <!-- it\'s ]> --> <!ENTITY x SYSTEM "file:///etc/passwd>"> ]>';
  const read = '<!DOCTYPE a [ <!ENTITY x SYSTEM "file:///etc/passwd>"> ]>';
  assert.deepEqual(told("text/xml", `<?xml version="1.0"?>${type}<a>&x;</a>`), [`xml: = ${read}`, "xml:a = &x;"]);
  assert.deepEqual(told("text/xml", '<?xml-stylesheet href="x"?><a/>'), ['xml: = <?xml-stylesheet href="x"?>']);
  assert.deepEqual(told("text/xml", '<?xml version="1.0" x="$(id)"?><a/>'), ['xml: = <?xml version="1.0" x="$(id)"?>']);
});

test("names that are not plain", () => {
  assert.deepEqual(told("text/xml", '<n:a$b c;d="1" n:e=""></n:a>'), [
    "xml-name: = n:a$b",
    "xml-name: = c;d",
    "xml:c;d = 1",
  ]);
});

const broken: [what: string, text: string][] = [
  ["no element", "' or 1=1 --"],
  ["an element that does not end", "<a><b>x</b>"],
  ["an end too many", "<a></a></b>"],
  ["text outside", "<a/> x"],
  ["a tag that does not end", "<a b='1'"],
  ["an unquoted attribute", "<a b=c/>"],
  ["an attribute without a value", "<a b/>"],
  ["a quote that does not end", "<a b='c/>"],
  ["a comment that does not end", "<a><!-- x</a>"],
  ["CDATA that does not end", "<a><![CDATA[ x</a>"],
  ["an instruction that does not end", "<a><?x </a>"],
  ["a document type that does not end", "<!DOCTYPE a [ <a/>"],
];
for (const [what, text] of broken) {
  test(`broken: ${what}: the raw text too`, () => assert.equal(told("text/xml", text).at(-1), `body = ${text}`));
}

test("HTML is one text", () => {
  assert.deepEqual(told("text/html", "<p>x</p>"), ["body = <p>x</p>"]);
});

test("SOAP, SVG and deep trees", () => {
  const soap = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><m:Get><id>1' or '1</id></m:Get></s:Body></s:Envelope>`;
  assert.equal(told("application/soap+xml", soap).at(-1), "xml:id = 1' or '1");
  assert.deepEqual(told("image/svg+xml", "<svg><a href='java&#x73;cript:x'><text>y</text></a></svg>"), [
    "xml:href = javascript:x",
    "xml:text = y",
  ]);
  assert.deepEqual(told("text/xml", `${"<a>".repeat(10_000)}x${"</a>".repeat(10_000)}`), ["xml:a = x"]);
});

test("UTF-16, as it says of itself", () => {
  const text = '<?xml version="1.0" encoding="UTF-16"?><a>&lt;b</a>';
  assert.equal(told("text/xml", Buffer.from(`\ufeff${text}`, "utf16le"))[0], "xml:a = <b");
  assert.deepEqual(told("text/xml", text), []);
});

test("an encoding that hides ASCII is no body that was inspected", () => {
  assert.deepEqual(told("text/xml", '<?xml version="1.0" encoding="UTF-7"?><a>+ADw-</a>'), []);
  assert.deepEqual(told("", "<?xml version='1.0' encoding = 'ibm037'?><a>x</a>"), []);
  assert.deepEqual(told("text/xml", Buffer.from("4c6fa7949340", "hex")), []);
});

test("ranges are of the raw body", () => {
  const request = {
    method: "POST",
    path: "/",
    headers: [["content-type", "text/xml"] as const],
    body: Buffer.from(ORDER),
  };
  const raw = (core.values([request])[0] ?? []).map(({ start, end }) => ORDER.slice(start, end));
  assert.deepEqual(raw, ["urn:x", "7", "Fish &amp; chips, it's fine", "by hand"]);
});
