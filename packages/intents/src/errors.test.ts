import { describe as render, EvenkeelError, InvalidInputError } from './errors.js';

test('an error carries what programs and people need', () => {
  const error = new InvalidInputError('a.b', 5n, 'is odd', 'Give an even one.');
  expect(error).toBeInstanceOf(EvenkeelError);
  expect(error.name).toBe('InvalidInputError');
  expect(error.message).toBe('a.b: is odd (got 5n). Give an even one.');
  expect(error.toJSON()).toEqual({
    name: 'InvalidInputError',
    code: 'INVALID_INPUT',
    message: error.message,
    retryable: false,
    field: 'a.b',
    value: '5',
    details: {},
  });
});

test('walk finds a cause, starts with the error itself, and ends on a ring', () => {
  const inner = new EvenkeelError('INNER', 'Inner.');
  const middle = new Error('middle', { cause: inner });
  const outer = new EvenkeelError('OUTER', 'Outer.', { cause: middle, retryable: true });
  const codeIs = (code: string) => (error: unknown) => error instanceof EvenkeelError && error.code === code;
  expect(outer.walk(codeIs('INNER'))).toBe(inner);
  expect(outer.walk(() => true)).toBe(outer);
  expect(outer.walk(() => false)).toBeUndefined();
  inner.cause = outer;
  expect(outer.walk(() => false)).toBeUndefined();
});

const ring: Record<string, unknown> = {};
ring['ring'] = ring;

test.each([
  [undefined, 'nothing'],
  [null, 'null'],
  [NaN, 'NaN'],
  [Infinity, 'Infinity'],
  [5n, '5n'],
  ['x', '"x"'],
  [{ a: 1n }, '{"a":"1"}'],
  [() => 1, '[object Function]'],
  [Symbol('x'), '[object Symbol]'],
  [ring, '[object Object]'],
  ['y'.repeat(200), `"${'y'.repeat(116)}…`],
])('%p is rendered as %s', (value, text) => {
  expect(render(value)).toBe(text);
});
