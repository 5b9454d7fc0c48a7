import type { ServerResponse } from 'node:http';
import type { AgentEvents } from '../events.js';

/** Comments between events, so that what lies in between does not take the connection for dead. */
const HEARTBEAT_MS = 15_000;
/** A listener that does not keep up is cut off before it fills the memory. */
const MOST_WAITING_BYTES = 1_000_000;

/** Server-sent events (WHATWG HTML, 9.2): the kind of an event is its name, the event its data. */
export function streamEvents(events: AgentEvents, response: ServerResponse): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    connection: 'keep-alive',
    'x-accel-buffering': 'no',
  });
  response.write(': connected\n\n');
  const write = (text: string): void => {
    if (response.writableLength > MOST_WAITING_BYTES) response.destroy();
    else response.write(text);
  };
  const stop = events.listen((event) => {
    const data = JSON.stringify(event, (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
    write(`event: ${event.kind}\ndata: ${data}\n\n`);
  });
  const heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS);
  response.on('close', () => {
    stop();
    clearInterval(heartbeat);
  });
}
