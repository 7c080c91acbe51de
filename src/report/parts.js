// SPDX-License-Identifier: Apache-2.0
// Elements, tables and buttons that save. Texts come from files and are put in as text, never as markup.
'use strict';

const Parts = (() => {
  function Add(parent, name, text, attributes) {
    const element = document.createElement(name);
    if (text !== undefined && text !== null) element.textContent = text;
    Object.keys(attributes || {}).forEach((key) => element.setAttribute(key, attributes[key]));
    parent.appendChild(element);
    return element;
  }
  function Reveal(id) {
    const element = document.getElementById(id);
    element.hidden = false;
    return element;
  }

  // heads: [{text, left, colspan, rowspan}] of one row, or a list of such rows; rows: [[name, ...cells]].
  function AddTable(parent, caption, heads, rows) {
    const box =
        Add(parent, 'div', null, {'class': 'scroll', tabindex: 0, role: 'region', 'aria-label': caption});
    const table = Add(box, 'table', null, {'aria-label': caption});
    const head = Add(table, 'thead'), body = Add(table, 'tbody');
    (Array.isArray(heads[0]) ? heads : [heads]).forEach((row) => {
      const line = Add(head, 'tr');
      row.forEach((cell, i) => {
        const th = Add(line, 'th', cell.text, {scope: cell.colspan > 1 ? 'colgroup' : 'col'});
        if (cell.colspan > 1) th.colSpan = cell.colspan;
        if (cell.rowspan > 1) th.rowSpan = cell.rowspan;
        if (i === 0 && cell.corner !== false) th.className = 'corner';
        if (cell.left) th.classList.add('text');
      });
    });
    rows.forEach(([name, ...cells]) => {
      const line = Add(body, 'tr');
      Add(line, 'th', name, {scope: 'row'});
      cells.forEach((cell) => {
        const td = Add(line, 'td');
        if (cell.left) td.classList.add('text');
        if (cell.title) td.title = cell.title;
        if (cell.pixel) {
          td.className = cell.pixel.bright ? 'bright' : 'dark';
          td.style.backgroundPosition = cell.pixel.place;
        }
        Add(td, 'span', cell.text, cell.best ? {'class': 'best'} : {});
        // a range is as long as two values and goes below the one it belongs to
        if (cell.spread) Add(td, 'small', cell.spread, cell.spread.startsWith('±') ? {} : {'class': 'range'});
      });
    });
    return box;
  }

  // A text that a spreadsheet would take for a formula is kept a text.
  function CsvCell(value) {
    if (value === null || value === undefined) return '';
    if (typeof value === 'number') return String(value);
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  }
  function AddSave(parent, file, title, rows, label = 'Save as CSV') {
    const button =
        Add(parent, 'button', label, {type: 'button', 'class': 'save', 'aria-label': `${label}: ${title}`});
    button.addEventListener('click', () => {
      const text = rows.map((row) => row.map(CsvCell).join(',') + '\r\n').join('');
      const url = URL.createObjectURL(new Blob([text], {type: 'text/csv'}));
      const name = `${file.replace(/[^A-Za-z0-9.-]+/g, '_')}.csv`;
      const link = Add(document.body, 'a', null, {href: url, download: name, hidden: ''});
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(url), 10000);
    });
  }

  // One image of a sheet of images of one size, shown `scale` times as large.
  function Cut(parent, sheet, row, column, alt) {
    const frame = Add(parent, 'div', null, {'class': 'cut', role: 'img', 'aria-label': alt});
    frame.style.width = `${sheet.width * sheet.scale}px`;
    frame.style.height = `${sheet.height * sheet.scale}px`;
    const image = Add(frame, 'img', null, {src: sheet.png, alt: ''});
    image.style.width = `${sheet.columns * sheet.width * sheet.scale}px`;
    const Move = (to) => {
      image.style.marginLeft = `${- to * sheet.width * sheet.scale}px`;
      image.style.marginTop = `${- row * sheet.height * sheet.scale}px`;
    };
    Move(column);
    return {frame, Move};
  }

  return {Add, Reveal, AddTable, AddSave, Cut};
})();
