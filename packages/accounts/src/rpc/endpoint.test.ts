import * as v from 'valibot';
import { endpoint, type Fetch } from './endpoint.js';

const URL_WITH_KEY = 'https://bundler.example/v1/s3cr3t-k3y?apikey=s3cr3t-k3y';
const answering =
  (body: string, status = 200): Fetch =>
  () =>
    Promise.resolve(new Response(body, { status }));
const ask = (fetch: Fetch, signal?: AbortSignal): Promise<string> =>
  endpoint({ kind: 'bundler', url: URL_WITH_KEY, fetch, timeoutMs: 50 }).request('eth_x', [], v.string(), signal);

test('an answer is given on once it has the right id and shape', async () => {
  expect(await ask(answering('{"jsonrpc":"2.0","id":1,"result":"yes"}'))).toBe('yes');
});

test.each<readonly [string, Fetch, string]>([
  ['HTTP 503', answering('', 503), 'RELAY_UNREACHABLE'],
  ['HTTP 429', answering('', 429), 'RELAY_UNREACHABLE'],
  ['HTTP 403', answering('<html>', 403), 'RELAY_REFUSED'],
  ['no connection', () => Promise.reject(new TypeError('fetch failed')), 'RELAY_UNREACHABLE'],
  ['silence', () => new Promise<Response>(() => undefined), 'RELAY_TIMEOUT'],
  ['HTML', answering('<html>'), 'RELAY_GARBAGE'],
  ['nothing', answering(''), 'RELAY_GARBAGE'],
  ['cut-off JSON', answering('{"id":1,"res'), 'RELAY_GARBAGE'],
  ['another id', answering('{"id":2,"result":"yes"}'), 'RELAY_GARBAGE'],
  ['another shape', answering('{"id":1,"result":7}'), 'RELAY_GARBAGE'],
  ['no such method', answering('{"id":1,"error":{"code":-32601,"message":"no"}}'), 'RELAY_REFUSED'],
  ['an error', answering('{"id":1,"error":{"code":-32000,"message":"no"}}'), 'RELAY_REJECTED'],
  ['an error with HTTP 400', answering('{"id":1,"error":{"code":-32000,"message":"no"}}', 400), 'RELAY_REJECTED'],
])('%s', async (_, fetch, code) => {
  await expect(ask(fetch)).rejects.toMatchObject({ code });
});

test('keys in URLs stay out of every error', async () => {
  const leaking = answering(`{"id":1,"error":{"code":-32000,"message":"see ${URL_WITH_KEY} for more"}}`);
  for (const fetch of [leaking, answering('', 503), answering('<html>')]) {
    const error: unknown = await ask(fetch).catch((reason: unknown) => reason);
    expect(JSON.stringify([error, String(error)])).not.toContain('s3cr3t');
  }
  expect(() => endpoint({ kind: 'bundler', url: 'ftp://s3cr3t' })).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT', message: expect.not.stringContaining('s3cr3t') as string }),
  );
});

test('the caller’s signal ends it, before and while it waits', async () => {
  const silence: Fetch = () => new Promise(() => undefined);
  await expect(ask(silence, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
  const controller = new AbortController();
  const waiting = ask(silence, controller.signal);
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
});
