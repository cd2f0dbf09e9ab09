#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# No object of ours may call what executes programs or what writes strings without a bound. Looks at the objects, so a
# macro or a header cannot hide a call.
set -eu
cd "$SOURCE_ROOT"
. tools/check/tap.sh
objects() { find "$BUILD_ROOT/src" "$BUILD_ROOT/duties" -name '*.o' -type f 2>/dev/null | LC_ALL=C sort; }
calls() {
    objects | xargs nm -A -u 2>/dev/null | sed -E 's/^(.*\/)?([^\/:]+\.o):.* U /\2: /; s/@.*//' |
        awk -v list="$1" 'BEGIN { n = split(list, names, " "); for (i = 1; i <= n; i++) bad[names[i]] = bad["__" names[i] "_chk"] = 1 }
            $2 in bad { print $1 " calls " $2 }' | sort -u
}
echo "# $(objects | wc -l) objects"
objects | head -n 1 | grep -q . || echo "no object was found" | check "there are objects to look at"
calls "execl execlp execle execv execvp execvpe execve execveat fexecve system popen posix_spawn posix_spawnp wordexp dlopen" |
    check "nothing executes a program"
calls "strcpy stpcpy strcat sprintf vsprintf strtok gets mktemp tmpnam wcscpy wcscat" | check "no unbounded string call"
sources | xargs grep -nE 'SYS_execve|__NR_execve|syscall\(59|syscall\(322' | check "no system call executes a program by number"
done_checks
