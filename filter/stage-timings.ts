/** Microseconds spent in each stage of one request; `inference` is waiting, the rest is work. */
export class StageTimings {
  request: u32 = 0;
  identity: u32 = 0;
  policy: u32 = 0;
  values: u32 = 0;
  screen: u32 = 0;
  inference: u32 = 0;
}
