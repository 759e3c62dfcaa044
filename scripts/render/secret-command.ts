import { shellWord } from "./shell-word.ts";

/** What a shell gives for a file with an HS256 secret: without the line's end, `\r\n` as well, which is no part of the secret. */
export const secretOfFile = "$(tr -d '\\r' <FILE)";

/** A command for bash that makes a secret in the namespace; null: in the current one. @param sources words as `fromFiles` gives them */
export function createSecret(name: string, sources: readonly string[], namespace: string | null = null): string {
  const where = namespace === null ? "" : `--namespace ${namespace} `;
  return `kubectl create secret generic ${name} ${where}${sources.join(" ")}`;
}

/** Files by their keys. kubectl takes no path with a comma, an equals sign or a quote: such a file comes to it by a pipe. */
export function fromFiles(files: Readonly<Record<string, string>>): string[] {
  return Object.entries(files).map(([key, path]) =>
    /[,="]/.test(path) ? `--from-file=${key}=<(cat ${shellWord(path)})` : shellWord(`--from-file=${key}=${path}`),
  );
}
