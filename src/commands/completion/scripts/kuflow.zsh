#compdef kuflow create-kuflow-worker
# zsh completion for kuflow and create-kuflow-worker. Neither typed words nor candidates are ever evaluated.

# Finds the kuflow to call: in the folder of the typed path, for npx in the project, otherwise on the PATH.
_kuflow_program() {
  local dir=$PWD
  program=kuflow
  case $1 in
    */*) program=${${1%/*}/#\~\//$HOME/}/kuflow ;;
    npx)
      while [[ -n $dir && ! -x $dir/node_modules/.bin/kuflow ]]; do dir=${dir%/*}; done
      [[ -n $dir ]] && program=$dir/node_modules/.bin/kuflow
      ;;
  esac
  whence -p -- "$program" >/dev/null
}

_kuflow() {
  local program=${program-} directive prefix
  local -a args found
  [[ -n $program ]] || _kuflow_program "${(Q)words[1]}" || return 1
  args=("${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}")
  found=("${(@f)$(command "$program" __complete zsh -- "${args[@]}" 2>/dev/null </dev/null)}")
  directive=${found[1]}
  found=("${(@)found[2,-1]}")
  # After --name=, complete only the value; in a list, only the entry after the last comma.
  prefix=${directive#* }
  [[ -n $prefix && $directive == *' '* && ${PREFIX} == "$prefix"* ]] && compset -p ${#prefix}
  case $directive in
    words*) ((${#found})) && _describe -t kuflow kuflow found ;;
    files*) _files ;;
    folders*) _files -/ ;;
    command*)
      words=("${(@)words[${directive#command }+1,-1]}")
      ((CURRENT -= ${directive#command }))
      _normal
      ;;
    *) return 1 ;;
  esac
}

_kuflow_npx() {
  local program
  if ((CURRENT > 2)) && [[ ${words[2]} == (kuflow|create-kuflow-worker) ]]; then
    _kuflow_program npx || return 1
    words=("${(@)words[2,-1]}")
    ((CURRENT -= 1))
    _kuflow
  else
    _default
  fi
}

# If autoloaded from $fpath, this file is the body of the function; if sourced, it registers the completion.
if [[ ${funcstack[1]-} == _kuflow ]]; then
  _kuflow "$@"
else
  (($+functions[compdef])) || { autoload -Uz compinit && compinit -i; }
  compdef _kuflow kuflow create-kuflow-worker
  (($+_comps[npx])) || compdef _kuflow_npx npx
fi
