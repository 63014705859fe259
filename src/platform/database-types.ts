/** How PostgreSQL's types arrive in code: whole numbers stay whole, days stay days. */
import pg from 'pg';

type Parser = (text: string) => unknown;

const identity: Parser = (text) => text;

const PARSERS = new Map<number, Parser>([
  [20, BigInt], // int8
  [1700, identity], // numeric: may be larger or finer than any number here
  [1082, identity], // date: 'YYYY-MM-DD', never a moment in somebody's time zone
  [1016, arrayOf(BigInt)], // int8[]
  [1231, arrayOf(identity)], // numeric[]
  [1182, arrayOf(identity)], // date[]
]);

/** Given to every connection; touches no global of the driver. */
export const typeParsers = {
  getTypeParser(oid: number, format: string = 'text'): Parser {
    const own = format === 'text' ? PARSERS.get(oid) : undefined;
    return own ?? (pg.types.getTypeParser as (oid: number, format: string) => Parser)(oid, format);
  },
};

function arrayOf(parser: Parser): Parser {
  // The driver's published type of its array parser differs from what it exports.
  const arrays = pg.types.arrayParser as unknown as {
    create(text: string, entry: Parser): { parse(): unknown };
  };
  return (text) => arrays.create(text, parser).parse();
}
