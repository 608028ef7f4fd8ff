import { isReservedOnWindows } from '../../base/file-name.ts';
import { splitWords, wordSet } from '../../base/identifiers.ts';
import type { PackageNames } from '../language.ts';
import { PYTHON_RESERVED } from './literals.ts';

const LONGEST = 40;
const NAME = /^[a-z][a-z0-9_]*$/;

/** Packages of Python's standard library and of the dependencies: a package with the same name would hide them. */
const TAKEN = wordSet(
  `abc aifc antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect builtins bz2 cProfile
  calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys compileall concurrent configparser contextlib
  contextvars copy copyreg crypt csv ctypes curses dataclasses datetime dbm decimal difflib dis distutils doctest email encodings
  ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc genericpath getopt getpass
  gettext glob graphlib grp gzip hashlib heapq hmac html http idlelib imaplib imghdr imp importlib inspect io ipaddress
  itertools json keyword lib2to3 linecache locale logging lzma mailbox mailcap marshal math mimetypes mmap modulefinder msilib
  msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse os ossaudiodev pathlib pdb
  pickle pickletools pip pipes pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty pwd py_compile pyclbr
  pydoc pydoc_data pyexpat queue quopri random re readline reprlib resource rlcompleter runpy sched secrets select selectors
  setuptools shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre_compile sre_constants
  sre_parse ssl stat statistics string stringprep struct subprocess sunau symtable sys sysconfig syslog tabnanny tarfile telnetlib
  tempfile termios textwrap this threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty turtle
  turtledemo types typing unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser winreg winsound wsgiref
  xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo annotationlib compression
  annotated_types anyio attr attrs certifi cffi cryptography google h11 hatchling httpcore httpx idna jsonschema
  jsonschema_specifications kuflow mypy nexusrpc packaging pluggy pycparser pydantic pydantic_core pytest pytest_asyncio
  referencing rpds ruff temporalio tests typing_extensions typing_inspection wheel yaml`,
);

export const pythonPackageNames: PackageNames = {
  suggest: (projectName) => {
    const name = splitWords(projectName.slice(projectName.indexOf('/') + 1))
      .join('_')
      .slice(0, LONGEST - '_worker'.length)
      .replace(/_+$/, '');
    if (/^\d/.test(name) || name === '') return `worker_${name}`.replace(/_$/, '');
    return pythonPackageNames.problem(name) === undefined ? name : `${name}_worker`;
  },
  problem: (text) => {
    if (text.length > LONGEST) return `is longer than ${LONGEST} characters`;
    if (!NAME.test(text)) return 'must consist of lowercase letters, digits and _, such as loan_worker';
    if (PYTHON_RESERVED.has(text)) return `is the reserved word ${text}`;
    if (isReservedOnWindows(text)) return 'cannot be a folder on Windows';
    return TAKEN.has(text) ? 'is the name of another Python package' : undefined;
  },
};

/** Programs of a virtual environment, which uv and pip do not replace. */
const PROGRAMS = /^(?:(?:python|pip|pydoc|idle)[\d-]*w?|(?:de)?activate(?:-this)?|debugpy|uvx?)$/;

/** The name of the distribution and of the program that starts the worker, as PyPI normalizes names. */
export function distributionName(projectName: string): string {
  const name = projectName
    .slice(projectName.indexOf('/') + 1)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const isTaken = name === '' || PROGRAMS.test(name) || TAKEN.has(name.replaceAll('-', '_'));
  return isTaken ? `${name}-worker`.replace(/^-/, '') : name;
}
