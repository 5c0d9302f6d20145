"""A last look at the rendered site, before a reader has one."""

import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

TRACEBACK = "Traceback (most recent call last)"
_LOADING = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src"}
_LOADING_RELATIONS = {"stylesheet", "preload", "prefetch", "icon", "shortcut icon", "modulepreload", "preconnect"}
_REMOTE = re.compile(r"^(https?:)?//")
_REMOTE_IN_SCRIPT = re.compile(r"(?:https?:)?//[^\s\"'`]+\.(?:m?js|css|woff2?)\b")
_REMOTE_IN_STYLE = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])((?:https?:)?//[^'\")]+)")


def site_problems(site: Path, toc: Path, claims: Sequence[str]) -> list[str]:
    """What is wrong with the site: missing pages, remote assets, dead links, tracebacks, claims not shown."""
    pages = [f"{page}.html" for page in toc_pages(yaml.safe_load(toc.read_text("utf-8")))]
    missing = [name for name in ["index.html", *pages] if not (site / name).is_file()]
    if missing:
        return [f"page {name} was not written" for name in missing]
    looks = {path: Look.at(path) for path in sorted(site.rglob("*.html")) if "_static" not in path.parts}
    found = [problem for path, look in looks.items() for problem in _page(site, path, look, looks)]
    found += [f"{path.relative_to(site)} loads {url}" for path, url in _remote_styles(site)]
    text = "\n".join(look.ids_text for path, look in looks.items() if path.name != "ledger.html")
    found += [f"claim '{name}' is not shown in its chapter" for name in claims if f"evidence-{name} " not in text]
    return found


def toc_pages(toc: Any) -> list[str]:
    """Every page that a table of contents names, in order."""
    if isinstance(toc, list):
        return [page for entry in toc for page in toc_pages(entry)]
    if not isinstance(toc, dict):
        return []
    own = [Path(toc[key]).with_suffix("").as_posix() for key in ("root", "file") if key in toc]
    return own + [page for value in toc.values() for page in toc_pages(value)]


class Look(HTMLParser):
    """Ids, links, loaded assets and visible traces of errors of one page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.assets: list[str] = []
        self.traceback = False
        self.figures: list[str] = []
        self._in_script = False
        self.unlabelled = 0

    @classmethod
    def at(cls, path: Path) -> "Look":
        look, text = cls(), path.read_text("utf-8")
        look.feed(text)
        look.traceback = TRACEBACK in text
        return look

    @property
    def ids_text(self) -> str:
        return " ".join(self.ids) + " "

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.assets += _REMOTE_IN_SCRIPT.findall(data)

    def handle_endtag(self, tag: str) -> None:
        self._in_script = self._in_script and tag != "script"

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self._in_script = tag == "script"
        if "id" in given:
            self.ids.append(given["id"])
        if tag in _LOADING and given.get(_LOADING[tag]):
            self.assets.append(given[_LOADING[tag]])
        if tag == "link" and given.get("rel", "") in _LOADING_RELATIONS:
            self.assets.append(given.get("href", ""))
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        figure = "figure-svg" in given.get("class", "")
        if figure:
            self.figures.append(given.get("id", ""))
        if (tag == "img" and not given.get("alt")) or (figure and not given.get("aria-label")):
            self.unlabelled += 1


def _page(site: Path, path: Path, look: Look, looks: dict[Path, Look]) -> Iterator[str]:
    name = path.relative_to(site).as_posix()
    if look.traceback and (site / "_sources" / name).with_suffix(".ipynb").is_file():  # a guide may show one on purpose
        yield f"{name} shows a traceback"
    if look.unlabelled:
        yield f"{name} has {look.unlabelled} figures without an alternative text; give glue_figure its alt"
    if len(look.figures) != len(set(look.figures)):
        yield f"{name} shows a figure twice; tag the cell that glues it with remove-output"
    yield from (f"{name} loads {url}" for url in look.assets if _REMOTE.match(url))
    for link in dict.fromkeys([*look.links, *look.assets]):
        if not _alive(path, link, looks):
            yield f"{name} links to {link}, which does not exist"


def _alive(path: Path, link: str, looks: dict[Path, Look]) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
    if not target.is_file():
        return False
    page = looks.get(path if not parts.path else target)
    return not parts.fragment or page is None or unquote(parts.fragment) in page.ids


def _remote_styles(site: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(site.rglob("*.css")):
        for url in _REMOTE_IN_STYLE.findall(path.read_text("utf-8", errors="replace")):
            yield path, url
