/**
 * What a shell has to know to complete `mimeo`: it hands over the words and gets a line that says `words` or `files`, then
 * one candidate a line, with a description after a tab. Nothing that the server says is evaluated: it may be anybody's.
 */

const bash = `_mimeo_completion() {
  local line value lines
  mapfile -t lines < <("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  [[ \${lines[0]} == files ]] || compopt +o default
  COMPREPLY=()
  for line in "\${lines[@]:1}"; do
    printf -v value %q "\${line%%$'\\t'*}"
    COMPREPLY+=("$value")
  done
}
complete -o default -F _mimeo_completion mimeo`;

const zsh = `#compdef mimeo
_mimeo() {
  local line
  local -a lines candidates
  lines=("\${(@f)$("\${words[1]}" complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ $lines[1] == files ]]; then
    _files
    return
  fi
  for line in "\${(@)lines[2,-1]}"; do
    candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe mimeo candidates
}
if [[ $funcstack[1] == _mimeo ]]; then _mimeo; else compdef _mimeo mimeo; fi`;

const fish = `function __mimeo_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines ($words[1] complete -- $words[2..-1] "$current" 2>/dev/null)
    if test "$lines[1]" = files
        __fish_complete_path "$current"
    else
        printf '%s\\n' $lines[2..-1]
    end
end
complete -c mimeo -f -a '(__mimeo_complete)'`;

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
