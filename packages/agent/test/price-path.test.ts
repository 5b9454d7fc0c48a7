import { rmSync, writeFileSync } from 'node:fs';
import { priceAt, readPricePath } from '../src/demo/options/price-path.js';
import { failureIn, folder, inProcess } from './cli-process.js';

const files = folder();
afterAll(() => rmSync(files, { recursive: true, force: true }));

function write(content: string): string {
  const file = `${files}/path.csv`;
  writeFileSync(file, content);
  return file;
}

test('a path says the last price that there was by a time', () => {
  const path = readPricePath(write('seconds,price\n# a Monday\n0,3000\n\n3600, 3050.5 # up\n7200,2900\n'));
  expect([0, 3_599, 3_600, 1e9].map((seconds) => priceAt(path, seconds))).toEqual([3_000, 3_000, 3_050.5, 2_900]);
  expect(priceAt(readPricePath(write('60,3000')), 59)).toBeUndefined();
});

test.each([
  ['nothing', ''],
  ['a word', 'soon,3000'],
  ['a price of nothing', '0,0'],
  ['a field too many', '0,3000,1'],
  ['a field too few', '0'],
  ['an empty field', '0,'],
  ['a time before', '60,3000\n60,3100'],
])('%s is no path', (_, content) => {
  expect(() => readPricePath(write(content))).toThrow(expect.objectContaining({ code: 'PRICE_PATH_INVALID' }));
});

test('the command refuses a path that is not there, and one for a book that follows none', async () => {
  const none = ['--path', `${files}/none.csv`, '--json'];
  const missing = failureIn(await inProcess(['demo', '--book', 'options', ...none]));
  expect(missing).toMatchObject({ code: 'PRICE_PATH_INVALID', exitCode: 1 });
  expect(failureIn(await inProcess(['demo', ...none]))).toMatchObject({ code: 'BOOK_OPTION', exitCode: 1 });
});
