import { HttpContext, RootContext } from "./context";
import { StreamTable } from "./stream-table";

/** Makes the root contexts; null until `registerRootContext`. */
let createRootContext: ((contextId: u32) => RootContext) | null = null;
const rootContexts = new Map<u32, RootContext>();
const httpContexts = new StreamTable();
/** The root context in whose name the running callback acts: pending calls belong to it. */
let activeRoot: u32 = 0;

/** Says how a root context is made. Call it once, at the top level of the filter's entry. */
export function registerRootContext(create: (contextId: u32) => RootContext): void {
  createRootContext = create;
}

/** Makes the context that the host announces; without a parent that is known none is made. */
export function addContext(contextId: u32, parentContextId: u32): void {
  if (parentContextId == 0) {
    const create = createRootContext;
    if (create == null) return;
    activeRoot = contextId;
    rootContexts.set(contextId, create(contextId));
    return;
  }
  const root = findRoot(parentContextId);
  if (root == null) return;
  const context = root.createHttpContext(contextId);
  context.rootContextId = parentContextId;
  httpContexts.add(context);
}

/** The root context of an id, now the active one; null: there is none. */
export function findRoot(contextId: u32): RootContext | null {
  if (!rootContexts.has(contextId)) return null;
  activeRoot = contextId;
  return rootContexts.get(contextId);
}

/** The stream's context of an id, its root now the active one; null: there is none. */
export function findHttp(contextId: u32): HttpContext | null {
  const context = httpContexts.find(contextId);
  if (context !== null) activeRoot = context.rootContextId;
  return context;
}

/** Forgets a context of either kind. */
export function removeContext(contextId: u32): void {
  httpContexts.remove(contextId);
  if (rootContexts.has(contextId)) rootContexts.delete(contextId);
}

export function activeRootContextId(): u32 {
  return activeRoot;
}
