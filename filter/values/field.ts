import { Collector } from "./collector";
import { Container } from "./container";
import { collectCookies } from "./cookie";
import { collectCredentials } from "./credentials";
import { HeaderTreatment } from "./header-name";
import { collectReferer } from "./referer";
import { Source } from "./source";
import { ValueKind } from "./value";

/** The values of one header that is not ignored; `source`: its value alone. */
export function collectField(collector: Collector, treatment: HeaderTreatment, name: Uint8Array, source: Source): void {
  if (treatment == HeaderTreatment.Cookies) collectCookies(collector, source);
  else if (treatment == HeaderTreatment.Referer) collectReferer(collector, name, source);
  else if (treatment == HeaderTreatment.Credentials) collectCredentials(collector, name, source);
  else collector.add(ValueKind.Header, name, source, 0, source.text.length, Container.Raw);
}
