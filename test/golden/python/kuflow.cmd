@echo off
rem Runs the command line of KuFlow, in the version that created this project. It needs Node.js.
setlocal

node -e "const [major, minor] = process.versions.node.split('.').map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)" 2>nul
if errorlevel 1 (
  echo kuflow needs Node.js 20.19 or newer. Install it from https://nodejs.org, then try again. 1>&2
  exit /b 1
)

npx --yes --package="create-kuflow-worker@1.0.0" -- kuflow %*
