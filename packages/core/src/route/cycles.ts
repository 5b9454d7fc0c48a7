import type { Network } from './network.js';

/** Edges of one directed cycle among `edges`, or none. */
export function findCycle(edges: readonly number[], network: Pick<Network, 'nodeIn' | 'nodeOut'>): readonly number[] {
  const leaving = new Map<number, number[]>();
  for (const e of edges) {
    const list = leaving.get(network.nodeIn[e]!);
    if (list === undefined) leaving.set(network.nodeIn[e]!, [e]);
    else list.push(e);
  }
  const done = new Set<number>();
  for (const root of leaving.keys()) {
    const path: number[] = [];
    const onPath = new Map<number, number>([[root, 0]]);
    const stack: { node: number; next: number }[] = [{ node: root, next: 0 }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const e = done.has(top.node) ? undefined : leaving.get(top.node)?.[top.next++];
      if (e === undefined) {
        done.add(top.node);
        onPath.delete(top.node);
        stack.pop();
        path.pop();
        continue;
      }
      const to = network.nodeOut[e]!;
      const at = onPath.get(to);
      if (at !== undefined) return [...path.slice(at), e];
      path.push(e);
      onPath.set(to, path.length);
      stack.push({ node: to, next: 0 });
    }
  }
  return [];
}
