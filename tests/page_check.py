# SPDX-License-Identifier: Apache-2.0
"""page_check.py PAGE.html FIFTY.html HOSTILE.html [FOLDER]: opens reports in headless Chromium.

No errors, no requests, every chart and picture drawn, hover, keys, switches and slider work, hostile names stay text.
With FOLDER: screenshots at desktop and phone width, light and dark, are left there.
"""

import pathlib
import shutil
import sys

from browser import Browser

program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if program is None:
    print("skipped: there is no Chromium")
    sys.exit(77)

failures = 0


def check(what, holds, told=""):
    global failures
    failures += not holds
    if not holds:
        print(f"FAIL {what} {told}")


def box(browser, script):
    """Where an element is on the page."""
    return browser.evaluate(f"(() => {{ const e = {script}; e.scrollIntoView({{block: 'center', behavior: 'instant'}});"
                            "const r = e.getBoundingClientRect();"
                            "return {x: r.x + scrollX, y: r.y + scrollY, width: r.width, height: r.height}; })()")


def colors_of(browser, script):
    return browser.colors(box(browser, script))


def near(color, seen):
    """Another condition's band may lie over a line, 16 % of its colour."""
    return any(max(abs(a - b) for a, b in zip(color, other)) < 45 for other in seen)


def check_charts(browser):
    charts = browser.evaluate("document.querySelectorAll('.plot svg').length")
    check("there are charts", charts >= 5, charts)
    for i in range(charts):
        chart = f"document.querySelectorAll('.plot svg')[{i}]"
        lines = browser.evaluate(
            f"[...{chart}.querySelectorAll('.line, .bar, .marker')].filter((e) => e.getBoundingClientRect().width > 0)"
            ".map((e) => getComputedStyle(e)[e.matches('.bar, .marker') ? 'fill' : 'stroke'].match(/\\d+/g).slice(0, 3).map(Number))")
        label = browser.evaluate(f"{chart}.getAttribute('aria-label')")
        check("a chart has something to draw", lines, label)
        seen = colors_of(browser, chart)
        for color in {tuple(line) for line in lines}:
            check("a line is on the screen", near(color, seen), f"{label} {color}")
    for i in range(browser.evaluate("document.images.length")):
        picture = f"document.images[{i}]"
        check("a picture is decoded", browser.evaluate(f"{picture}.complete && {picture}.naturalWidth > 0"), i)


def check_hover(browser):
    reader = "document.querySelector('.reader')"
    place = box(browser, reader)
    scroll = browser.evaluate("scrollY")
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=place["x"] + place["width"] * 0.6,
                 y=place["y"] + place["height"] / 2 - scroll)
    values = browser.evaluate("(() => { const v = document.querySelector('.values');"
                              "return v.style.display === 'none' ? '' : v.textContent; })()")
    check("hovering tells values", "%" in values, values)
    browser.evaluate(f"{reader}.focus()")
    before = browser.evaluate(f"{reader}.getAttribute('aria-valuetext')")
    for kind in ("keyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key="Home", code="Home", windowsVirtualKeyCode=36)
    after = browser.evaluate(f"{reader}.getAttribute('aria-valuetext')")
    check("keys move the reader", after != before and after, f"{before} to {after}")
    browser.evaluate(f"{reader}.blur()")


def check_switches(browser):
    button = "document.querySelector('#legend button')"
    drawn = "[...document.querySelectorAll('#noise .series')].filter((e) => e.style.display !== 'none').length"
    before = browser.evaluate(drawn)
    browser.evaluate(f"{button}.click()")
    check("a switch takes a condition away", 0 < browser.evaluate(drawn) < before)
    check("a switch says what it is", browser.evaluate(f"{button}.getAttribute('aria-pressed')") == "false")
    browser.evaluate(f"{button}.click()")
    check("and brings it back", browser.evaluate(drawn) == before)


def check_slider(browser):
    cut = "document.querySelector('.cut')"
    before = colors_of(browser, cut), browser.evaluate("document.querySelector('.answer').textContent")
    browser.evaluate("(() => { const s = document.getElementById('noise-level'); s.value = s.max;"
                     "s.dispatchEvent(new Event('input')); })()")
    check("the slider changes the image", colors_of(browser, cut) != before[0])
    check("the slider says where it is", "sigma" in browser.evaluate("document.querySelector('output').textContent"))


def heat_color(share):
    """Five points of viridis, as in src/io/color_scale.cc."""
    points = [(68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)]
    below = min(int(share * 4), 3)
    part = share * 4 - below
    return tuple((1 - part) * a + part * b for a, b in zip(points[below], points[below + 1]))


def check_heat_map(browser):
    cells = "document.querySelectorAll('.heat td')"
    count = browser.evaluate(f"{cells}.length")
    check("there is a heat map", count == 14 * 2 * 2, count)
    for i in range(0, count, 7):
        value = float(browser.evaluate(f"{cells}[{i}].textContent")) / 100
        seen, wanted = colors_of(browser, f"{cells}[{i}]"), heat_color(value)
        check("a cell has the colour of its value",
              any(max(abs(a - b) for a, b in zip(wanted, color)) < 3 for color in seen), f"{i}: {value} {wanted}")
        check("a cell says what it is", "severity" in browser.evaluate(f"{cells}[{i}].title"))


def check_sections(browser):
    """Everything that the results hold is there, every chart can be saved, and every control says what it is."""
    hidden = browser.evaluate("[...document.querySelectorAll('section')].filter((s) => s.hidden).map((s) => s.id)")
    check("no section is empty", hidden == ["stages"], hidden)  # single evaluations do not tell stage weights
    for name, count in (("#fronts .plot", 2), ("#encoding .plot", 4), ("#encoding .cut", 8), ("#differences tbody tr", 2),
                        ("#matched tbody tr", 2), ("#selection tbody tr", 2)):
        found = browser.evaluate(f"document.querySelectorAll('{name}').length")
        check("there is what was measured", found == count, f"{name}: {found}")
    unsaved = browser.evaluate(
        "[...document.querySelectorAll('.plot')].filter((p) => !p.parentElement.querySelector('.save')).length")
    check("every chart can be saved", unsaved == 0, unsaved)
    nameless = browser.evaluate(
        "[...document.querySelectorAll('button, input, a, summary, [tabindex], [role=img], img, table')].filter((e) =>"
        "!(e.getAttribute('aria-label') || e.textContent.trim() || e.alt !== undefined && e.hasAttribute('alt')"
        "|| e.closest('label'))).map((e) => e.outerHTML.slice(0, 80))")
    check("everything has a name", not nameless, nameless)
    lost = browser.evaluate("[...document.querySelectorAll('nav a')].filter((a) => {"
                            "const to = document.querySelector(a.getAttribute('href')); return !to || to.hidden; }).length")
    check("the contents lead somewhere", lost == 0 and browser.evaluate("document.querySelectorAll('nav a').length") > 8)


def check_layout(browser):
    for width in (1280, 390):
        browser.view(width, 900)
        beyond = browser.evaluate(
            "[...document.querySelectorAll('.plot svg text')].filter((t) => { const a = t.getBoundingClientRect(),"
            "b = t.ownerSVGElement.getBoundingClientRect(); return a.width > 0 && (a.left < b.left - 20 || a.right >"
            "b.right + 20 || a.bottom > b.bottom + 4); }).map((t) => t.textContent)")
        check("no text sticks out of its chart", not beyond, f"{beyond} on {width}")
        wide = browser.evaluate("document.documentElement.scrollWidth")
        check("the page is no wider than the screen", wide <= width, f"{wide} on {width}")


def shots(browser, page, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, width in (("desktop", 1280), ("phone", 390)):
        for scheme in ("light", "dark"):
            browser.view(width, 900, scheme)
            browser.open(page)
            height = browser.evaluate("document.documentElement.scrollHeight")
            for part, top in enumerate(range(0, height, 2400)):
                clip = {"x": 0, "y": top, "width": width, "height": min(2400, height - top)}
                (folder / f"{name}-{scheme}-{part}.png").write_bytes(browser.screenshot(clip))


page, fifty, hostile = (pathlib.Path(name).absolute().as_uri() for name in sys.argv[1:4])
browser = Browser(program)
try:
    browser.view(1280, 900)
    seconds = browser.open(page)
    check_charts(browser)
    check_hover(browser)
    check_switches(browser)
    check_slider(browser)
    check_heat_map(browser)
    check_sections(browser)
    check_layout(browser)
    check("the page prints", len(browser.call("Page.printToPDF")["data"]) > 20000)
    check("no complaints", not browser.complaints(), browser.complaints())
    browser.view(1280, 900)
    many = browser.open(fifty)
    check("no complaints of fifty runs", not browser.complaints(), browser.complaints())
    browser.open(hostile)
    check("hostile names are text", browser.evaluate("typeof window.hacked") == "undefined")
    check("hostile names are shown", browser.evaluate("document.body.textContent.includes('<img src=x onerror')"))
    check("no complaints of hostile names", not browser.complaints(), browser.complaints())
    if len(sys.argv) > 4:
        shots(browser, page, pathlib.Path(sys.argv[4]))
    check("fifty runs open in under 3 s", many < 3, f"{many:.2f} s")
    print(f"opened in {seconds:.2f} s; a report of fifty runs in {many:.2f} s; {failures} checks failed")
finally:
    browser.close()
sys.exit(failures > 0)
