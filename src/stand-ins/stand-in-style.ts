/** The stylesheet of other parties: another house's look, so that nobody takes their pages for the service's. */
export const STAND_IN_STYLE = `
:root { --ink: #1d1b2e; --ink-2: #4b4763; --line: #d9d5e8; --line-strong: #77718f; --bank: #4a2f8a; --bank-soft: #f1edfb; }
* { box-sizing: border-box; }
body { margin: 0; font: 17px/1.55 system-ui, sans-serif; color: var(--ink); background: #fff; }
.strip { margin: 0; padding: 10px 16px; background: #fff3d6; color: #5c3800; border-bottom: 1px solid #d99a1c; font-weight: 600; }
header .bar { display: flex; justify-content: space-between; gap: 16px; padding: 16px; background: var(--bank); }
header a { color: #fff; }
header .name { font-weight: 700; font-size: 20px; text-decoration: none; }
main { max-width: 640px; margin: 0 auto; padding: 20px 16px 48px; }
h1 { font-size: 28px; line-height: 1.3; margin: 8px 0 16px; }
h2 { font-size: 20px; line-height: 1.4; margin: 36px 0 12px; }
.amount { margin: 0 0 16px; padding: 20px; background: var(--bank-soft); border-radius: 10px; font-size: 36px; line-height: 1.3; font-weight: 700; font-variant-numeric: tabular-nums; }
dl { margin: 0 0 24px; }
dt { color: var(--ink-2); font-size: 15px; }
dd { margin: 0 0 12px; overflow-wrap: anywhere; }
.code { font-family: ui-monospace, monospace; }
.choice { margin: 0 0 12px; }
label { display: block; margin-bottom: 4px; }
input, select { width: 100%; min-height: 48px; padding: 8px 12px; font: inherit; color: inherit; background: #fff; border: 1px solid var(--line-strong); border-radius: 10px; margin-bottom: 8px; }
button, .button { display: block; width: 100%; min-height: 52px; padding: 12px 16px; font: inherit; font-weight: 600; text-align: center; color: var(--bank); background: #fff; border: 1px solid var(--bank); border-radius: 10px; cursor: pointer; text-decoration: none; }
.primary { color: #fff; background: var(--bank); min-height: 56px; font-size: 19px; }
a { color: var(--bank); }
:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; background-color: #ffc53d; color: var(--ink); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 15px; }
th, td { text-align: left; padding: 8px 12px 8px 0; border-bottom: 1px solid var(--line); white-space: nowrap; font-variant-numeric: tabular-nums; }
`;
