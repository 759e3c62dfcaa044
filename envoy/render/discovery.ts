/** Configuration that Envoy reads from files and reads again when they are replaced (xDS by file). */

/** A source: a file of a folder whose renames Envoy watches. */
export function watchedFile(folder: string, name: string): object {
  return {
    resource_api_version: "V3",
    path_config_source: { path: `${folder}/${name}`, watched_directory: { path: folder } },
  };
}

/** The content of such a file. */
export function discovery(type: string, resources: readonly object[]): object {
  return { resources: resources.map((resource) => ({ "@type": `type.googleapis.com/${type}`, ...resource })) };
}
