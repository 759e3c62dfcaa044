/** Who waits for what was asked of the sidecar. */
export interface InquiryListener {
  /** Called once: the inquiry has its answer, or will have none. */
  onInquiryAnswered(): void;
}
