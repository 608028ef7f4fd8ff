# bash completion for kuflow and create-kuflow-worker. Neither typed words nor candidates are ever evaluated.

# COMP_POINT counts bytes.
_kuflow_line() {
  local LC_ALL=C
  line=${COMP_LINE:0:COMP_POINT}
}

# Finds the kuflow to call: in the folder of the typed path, for npx in the project, otherwise on the PATH.
_kuflow_program() {
  local dir=$PWD
  program=kuflow
  case ${COMP_WORDS[0]} in
    */*) program=${COMP_WORDS[0]%/*}/kuflow program=${program/#\~\//$HOME/} ;;
    npx)
      while [[ -n $dir && ! -x $dir/node_modules/.bin/kuflow ]]; do dir=${dir%/*}; done
      [[ -n $dir ]] && program=$dir/node_modules/.bin/kuflow
      ;;
  esac
  type -P -- "$program" >/dev/null
}

# Completes the command after --.
_kuflow_command() {
  local at word
  for ((at = 1; at < COMP_CWORD; at++)); do [[ ${COMP_WORDS[at]} == -- ]] && break; done
  if ((at < COMP_CWORD)) && declare -F _comp_command_offset >/dev/null; then
    _comp_command_offset $((at + 1))
  elif ((at < COMP_CWORD)) && declare -F _command_offset >/dev/null; then
    _command_offset $((at + 1))
  elif ((at + 1 == COMP_CWORD)); then
    while IFS= read -r word; do
      [[ -n $word ]] && COMPREPLY+=("$(printf %q "$word")")
    done <<<"$(compgen -c -- "${COMP_WORDS[COMP_CWORD]}" | sort -u)"
  else
    _kuflow_paths -f default
  fi
}

# Bash 3 on macOS does not have compopt.
_kuflow_paths() {
  local word
  compopt -o "$2" 2>/dev/null && return
  while IFS= read -r word; do
    [[ -n $word ]] && COMPREPLY+=("$(printf %q "$word")")
  done <<<"$(compgen "$1" -- "${COMP_WORDS[COMP_CWORD]}")"
}

_kuflow() {
  local line program directive word
  COMPREPLY=()
  _kuflow_line
  _kuflow_program || return 0
  {
    IFS= read -r directive
    while IFS= read -r word; do COMPREPLY+=("$word"); done
  } <<<"$("$program" __complete bash -- "$COMP_WORDBREAKS" "$line" 2>/dev/null </dev/null)"
  case $directive in
    files*) _kuflow_paths -f default ;;
    folders*) _kuflow_paths -d dirnames ;;
    command*) _kuflow_command ;;
  esac
  return 0
}

_kuflow_npx() {
  case ${COMP_WORDS[1]} in
    kuflow | create-kuflow-worker) ((COMP_CWORD > 1)) && _kuflow && return ;;
  esac
  _kuflow_paths -f default
}

complete -F _kuflow kuflow create-kuflow-worker
complete -p npx >/dev/null 2>&1 || complete -F _kuflow_npx npx
