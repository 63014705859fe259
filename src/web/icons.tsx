/** The few drawings of the pages, always beside a word and hidden from screen readers. */
import type { JSX } from 'preact';

interface Drawing {
  readonly size?: number;
  readonly path: string;
}

function Stroke({ size = 20, path }: Drawing): JSX.Element {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={path} />
    </svg>
  );
}

export const BackIcon = (): JSX.Element => <Stroke size={16} path="M12 3 5 10l7 7" />;
export const CheckIcon = ({ size = 20 }: { size?: number }): JSX.Element => (
  <Stroke size={size} path="m4 10.5 4 4 8-9" />
);
export const DownloadIcon = (): JSX.Element => <Stroke path="M10 3v10m-4-4 4 4 4-4M3 17h14" />;
export const WarningIcon = ({ size = 20 }: { size?: number }): JSX.Element => (
  <Stroke size={size} path="M10 2.5 18.5 17h-17zM10 8v4m0 2.5v.1" />
);
export const ClockIcon = ({ size = 20 }: { size?: number }): JSX.Element => (
  <Stroke size={size} path="M10 2a8 8 0 1 0 .1 0zM10 5.5V10l3 2" />
);
export const CrossIcon = ({ size = 20 }: { size?: number }): JSX.Element => (
  <Stroke size={size} path="M5 5l10 10M15 5 5 15" />
);

export function ShieldIcon(): JSX.Element {
  return (
    <svg
      width="18"
      height="18"
      viewBox="0 0 20 20"
      fill="none"
      stroke="#0e6b3d"
      stroke-width="2"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d="M10 1.5 3 4v5.5c0 4 3 7 7 9 4-2 7-5 7-9V4zM6.5 10l2.5 2.5 4.5-5" />
    </svg>
  );
}

/** A neutral bronze-drum star: the emblem of the state may be shown by authorised operators only. */
export function Mark(): JSX.Element {
  return (
    <svg width="40" height="40" viewBox="0 0 40 40" aria-hidden="true">
      <circle cx="20" cy="20" r="20" fill="#8f1d21" />
      <g fill="none" stroke="#f3d9a4">
        <circle cx="20" cy="20" r="16.5" />
        <circle cx="20" cy="20" r="13" stroke-dasharray="1.6 2" />
      </g>
      <path fill="#f3d9a4" d={starPath(20, 20)} />
    </svg>
  );
}

/** The mark of one step: a filled tick, a ring around a point, an empty ring. */
export function StepDot({ state }: { state: 'done' | 'current' | 'todo' }): JSX.Element {
  return (
    <svg class="dot" width="26" height="26" viewBox="0 0 26 26" fill="none" aria-hidden="true">
      {state === 'done' ? (
        <>
          <circle cx="13" cy="13" r="13" fill="currentColor" />
          <path d="m7.5 13.5 3.700 3.700 7.300-8" stroke="#fff" stroke-width="2.5" stroke-linecap="round" />
        </>
      ) : (
        <circle
          cx="13"
          cy="13"
          r={state === 'current' ? 9 : 12}
          fill="#fff"
          stroke="currentColor"
          stroke-width={state === 'current' ? 8 : 2}
        />
      )}
    </svg>
  );
}

function starPath(cx: number, cy: number): string {
  const points = Array.from({ length: 24 }, (_, index) => {
    const radius = index % 2 === 0 ? 11 : 5;
    const angle = (Math.PI * index) / 12 - Math.PI / 2;
    return `${(cx + radius * Math.cos(angle)).toFixed(1)} ${(cy + radius * Math.sin(angle)).toFixed(1)}`;
  });
  return `M${points.join('L')}z`;
}
