import { request } from "node:http";
import { socketErrorText } from "../../inference-sidecar/src/file-error.ts";
import { stateFolder } from "./state.ts";

const PATIENCE_MS = 15_000;
const ANSWER_MOST_BYTES = 16 * 1024 * 1024;

/**
 * Has the sidecar of the gateway with this state folder run a command; gives its answer.
 * @param token of an operator; null: none
 * @param patienceMs a sidecar that has not answered by then is not waited for
 * @throws Error why it was refused or could not be asked, and what to do next
 */
export async function askSidecar(
  stateDirectory: string,
  command: string,
  input: object,
  token: string | null,
  patienceMs = PATIENCE_MS,
): Promise<unknown> {
  const { sidecarAdminSocket } = stateFolder(stateDirectory);
  const text = await post(sidecarAdminSocket, command, JSON.stringify(input), token, patienceMs).catch(
    (error: Error) => {
      throw new Error(
        `the sidecar can't be asked (${socketErrorText(error, sidecarAdminSocket)}). Is a gateway running with the state folder ${stateDirectory}? Another one is given by --state DIR.`,
      );
    },
  );
  const answer = JSON.parse(text) as { error?: { code: string; message: string } };
  if (answer.error !== undefined) throw new Error(`${answer.error.message} [${answer.error.code}]`);
  return answer;
}

function post(
  socketPath: string,
  command: string,
  body: string,
  token: string | null,
  patienceMs: number,
): Promise<string> {
  return new Promise((done, refuse) => {
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    };
    const signal = AbortSignal.timeout(patienceMs);
    const call = request(
      { socketPath, path: `/${command}`, method: "POST", headers, agent: false, signal },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          text += part;
          if (text.length > ANSWER_MOST_BYTES) call.destroy(new Error("its answer is too large"));
        });
        response.on("end", () => done(text));
        response.on("error", refuse);
      },
    );
    call.on("error", refuse);
    call.end(body);
  });
}
