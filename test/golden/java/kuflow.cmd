@echo off
rem Runs the kuflow version that this project uses.
setlocal
set kuflow_package="create-kuflow-worker@1.0.0"

rem Caches the path of the CLI, because npx takes seconds to find it.
set "kuflow_found=%~dp0.kuflow\program.cmd.txt"
set kuflow_found_package=""
set kuflow_program=""
if exist "%kuflow_found%" <"%kuflow_found%" (
  set /p kuflow_found_package=
  set /p kuflow_program=
)
if not %kuflow_found_package%==%kuflow_package% goto find
if exist %kuflow_program% goto run

:find
set kuflow_version=
rem The standalone program of this version on the PATH does not need Node.js.
for %%p in (kuflow.exe) do set kuflow_program="%%~$PATH:p"
if not %kuflow_program%=="" for /f "delims=" %%v in ('call %kuflow_program% --version') do (
  if "create-kuflow-worker@%%v"==%kuflow_package% goto run
  set "kuflow_version=%%v"
)

node -e "const [major, minor] = process.versions.node.split('.').map(Number); process.exit(major > 22 || (major === 22 && minor >= 3) || (major === 20 && minor >= 19) ? 0 : 1)" 2>nul
if errorlevel 1 (
  if defined kuflow_version echo This project uses %kuflow_package%, but %kuflow_program% has version %kuflow_version%. 1>&2
  echo kuflow requires Node.js 20.19+ or 22.3+. Install it from https://nodejs.org, then try again. 1>&2
  exit /b 1
)
rem npx installs the package and prints where the program is. Calling it by name would start this file again, because cmd looks in the current folder first.
set kuflow_program=""
pushd "%~dp0"
for /f "delims=" %%p in ('npx --yes --package="create-kuflow-worker@1.0.0" -- where $PATH:kuflow.cmd') do (
  set kuflow_program="%%p"
  goto found
)
:found
popd
if not exist %kuflow_program% exit /b 1
rem If this fails, the next call is slower, but works.
(
  echo %kuflow_package%
  echo %kuflow_program%
) >"%kuflow_found%" 2>nul

:run
endlocal & %kuflow_program% %*
