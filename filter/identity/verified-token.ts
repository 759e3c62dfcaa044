import { Issuer } from "../policy/issuer";
import { Claims } from "./claims";

/** A token whose signature and audience were accepted. Time is not part of it: see `judgeTime`. */
export class VerifiedToken {
  constructor(
    public readonly issuer: Issuer,
    public readonly claims: Claims,
  ) {}
}
