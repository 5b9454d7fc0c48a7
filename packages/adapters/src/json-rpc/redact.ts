/** Shortest piece of a path or query that is taken for a key. */
const SECRET_LENGTH = 8;

/** How a node is named in errors and logs: scheme, host and port. User, path and query may hold keys and stay out. */
export function nodeLabel(url: URL): string {
  const hidden = url.pathname.length > 1 || url.search !== '' ? '/…' : '';
  return `${url.protocol}//${url.host}${hidden}`;
}

/** A function that takes everything secret in `url` out of a text that somebody else wrote. */
export function redactor(url: URL): (text: string) => string {
  const pieces = [
    url.href,
    url.username,
    url.password,
    ...url.pathname.split('/'),
    ...[...url.searchParams.values()],
  ].flatMap((piece) => [piece, safeDecode(piece)]);
  const secrets = [...new Set(pieces)].filter((piece) => piece.length >= SECRET_LENGTH);
  secrets.sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((clean, secret) => clean.replaceAll(secret, '…'), text);
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
