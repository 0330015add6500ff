# Completion of bpusim in bash: the program says what could stand there.
_bpusim() {
  local line=${COMP_LINE:0:COMP_POINT} answer files=:files word kept extension
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  word=${words[-1]}
  COMPREPLY=()
  while IFS= read -r answer; do
    if [[ $answer == :* ]]; then files=$answer; else COMPREPLY+=("${answer%%$'\t'*}"); fi
  done < <("$1" complete -- "${words[@]:1}" 2>/dev/null)
  case $files in
    :none) compopt +o default ;;
    :folders) compopt -o filenames; mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$word") ;;
    ":files "*)
      compopt -o filenames
      mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(
        compgen -d -- "$word"
        for extension in ${files#:files }; do compgen -f -X "!*.$extension" -- "$word"; done) ;;
  esac
  [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
  # Readline puts what comes back behind the last of these.
  kept=${word%"${word##*[=:]}"}
  [[ -n $kept ]] && COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}
complete -o default -F _bpusim bpusim
