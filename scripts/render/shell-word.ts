/** Where the commands that follow are to be given. */
export function enter(folder: string): string {
  return `cd ${shellWord(folder)}`;
}

/** A word of a POSIX shell's command line: quoted where it must be. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
