const SECTION_CSS = `
  section{padding:9px 12px;border-bottom:1px solid var(--line)}
  .head{display:flex;align-items:baseline;gap:8px;margin-bottom:5px}
  h2{flex:1;margin:0;font:600 11px/1.4 var(--font);letter-spacing:.06em;text-transform:uppercase;color:var(--dim)}
  .head small{color:var(--dim);font-size:11px}.head button{font-size:11px;color:var(--accent)}
`
