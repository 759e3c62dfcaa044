/** Upper bounds of the filter's stage histogram, in microseconds. */
const stageBuckets = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000];

/**
 * Turns the filter's metric names (`postern.decisions.route=R;.effect=E;.reason=X;`, `postern.stage=S;.us`) into
 * labels. Envoy cuts the first group of each expression out of the name; the second is the label's value.
 */
export function statsConfig(): object {
  return {
    stats_tags: [
      { tag_name: "route", regex: "postern\\.decisions(\\.route=(.*?);)\\.effect=" },
      { tag_name: "effect", regex: "postern\\.decisions\\..*(\\.effect=(\\w*);)\\.reason=" },
      { tag_name: "reason", regex: "postern\\.decisions\\..*(\\.reason=(\\w*);)$" },
      { tag_name: "stage", regex: "postern(\\.stage=(\\w*);)\\.us$" },
    ],
    histogram_bucket_settings: [{ match: { contains: "postern.stage=" }, buckets: stageBuckets }],
  };
}
