/** QR codes as one SVG path: black on white, quiet zone of four modules, error level M, no logo. */
import type { JSX } from 'preact';
import QRCode from 'qrcode';

const QUIET_ZONE = 4;

/** @param label  what the code holds, for people who cannot see it */
export function QrCode({ content, label }: { content: string; label: string }): JSX.Element {
  const { modules } = QRCode.create(content, { errorCorrectionLevel: 'M' });
  const side = modules.size + 2 * QUIET_ZONE;
  return (
    <div class="qr">
      <svg
        role="img"
        aria-label={label}
        width={side * 4}
        height={side * 4}
        viewBox={`0 0 ${side} ${side}`}
        shape-rendering="crispEdges"
      >
        <path fill="#fff" d={`M0 0h${side}v${side}H0z`} />
        <path d={darkRuns(modules)} />
      </svg>
    </div>
  );
}

/** The same as a picture to keep: banking apps read codes from the photos of a phone. */
export async function qrPng(content: string): Promise<Buffer> {
  return await QRCode.toBuffer(content, { errorCorrectionLevel: 'M', margin: QUIET_ZONE, width: 600 });
}

/** Each run of dark modules of a row is one rectangle: a third of the bytes of one per module. */
function darkRuns(modules: { size: number; get: (row: number, column: number) => number }): string {
  let path = '';
  for (let row = 0; row < modules.size; row += 1) {
    let run = 0;
    for (let column = 0; column <= modules.size; column += 1) {
      if (column < modules.size && modules.get(row, column) === 1) {
        run += 1;
      } else if (run > 0) {
        path += `M${column - run + QUIET_ZONE} ${row + QUIET_ZONE}h${run}v1h-${run}z`;
        run = 0;
      }
    }
  }
  return path;
}
