#!/bin/sh
# Makes the sample clip of the demo, in media/clock, out of nothing but ffmpeg.
#
#   clock/master.m3u8        HLS, two renditions with aligned keyframes
#   clock/360p/index.m3u8    640x360, six segments of 4 s
#   clock/180p/index.m3u8    320x180, the same cuts
#   clock/clock.mp4          the same picture in one file, index in front
#
# The result is checked in, so that building Usher needs no ffmpeg; run this
# only to change the clip. It was written for ffmpeg 5.1 and needs libx264,
# drawtext and the DejaVu fonts (Debian: ffmpeg, fonts-dejavu-core).
#
# What is in the picture is there for people who test players: a clock to see
# where one is after a seek, a frame counter to see whether it stands still, a
# timeline of the six segments, and the name of the rendition to see a player
# switch.
set -eu
cd "$(dirname "$0")"

seconds=24
segment=4
rate=25
fonts=${FONTS:-/usr/share/fonts/truetype/dejavu}
out=media/clock

for font in DejaVuSans.ttf DejaVuSans-Bold.ttf DejaVuSansMono.ttf; do
	[ -f "$fonts/$font" ] || { echo "make.sh: $fonts/$font is missing (apt install fonts-dejavu-core, or set FONTS)" >&2; exit 1; }
done

rm -rf "$out"
mkdir -p "$out/360p" "$out/180p"

# --- the picture -------------------------------------------------------------

# A comet runs around the dial once a segment: p is where its head is (in
# turns), a where this pixel is, r how far from the middle. Edges are softened
# by clipping a distance to 0..1, since geq draws without antialiasing.
p="mod(T/$segment,1)"
a="mod(atan2(X-130,130-Y)/(2*PI)+1,1)"
r="hypot(X-130,Y-130)"
tail="pow(1-mod($p-$a+1,1),1.6)"
ring="clip(2.5-abs($r-116)+0.5,0,1)"
ball="clip(9.5-hypot(X-130-116*sin(2*PI*$p),Y-130+116*cos(2*PI*$p)),0,1)"
dial="color=c=black:s=260x260:r=$rate:d=$seconds,format=rgba,
	geq=r='94+161*$ball':g='208+47*$ball':b='190+65*$ball':a='255*max($ball,$ring*(0.13+0.87*$tail))'"

# The timeline: six cells, lit up to now.
lit="lte(X,560*T/$seconds)"
cell="gte(mod(X,560/6),4)"
line="color=c=black:s=560x5:r=$rate:d=$seconds,format=rgba,
	geq=r='94':g='208':b='190':a='255*$cell*(0.15+0.85*$lit)'"

sans="fontfile=$fonts/DejaVuSans.ttf"
bold="fontfile=$fonts/DejaVuSans-Bold.ttf"
mono="fontfile=$fonts/DejaVuSansMono.ttf"

picture="
color=c=0x0f1520:s=640x360:r=$rate:d=$seconds,format=rgb24[floor];
$dial[dial];
$line[line];
[floor][dial]overlay=190:30:format=rgb[a];
[a][line]overlay=40:326:format=rgb,
drawtext=$bold:fontsize=17:fontcolor=0xe9eef5:x=40:y=30:text='Usher',
drawtext=$sans:fontsize=13:fontcolor=0x8593a8:x=40:y=54:text='sample clip',
drawtext=$bold:fontsize=58:fontcolor=0xf4f7fb:x=(w-text_w)/2:y=132:
	text='%{eif\\:trunc(t/60)\\:d\\:2}\\:%{eif\\:trunc(mod(t\\,60))\\:d\\:2}',
drawtext=$mono:fontsize=16:fontcolor=0x8593a8:x=(w-text_w)/2:y=194:
	text='frame %{eif\\:n\\:d\\:3}',
split=3[big][small][file];
[big]drawtext=$mono:fontsize=13:fontcolor=0x8593a8:x=w-text_w-40:y=33:text='HLS 360p',format=yuv420p[v360];
[small]drawtext=$mono:fontsize=13:fontcolor=0x8593a8:x=w-text_w-40:y=33:text='HLS 180p',
	scale=320:180:flags=lanczos,format=yuv420p[v180];
[file]drawtext=$mono:fontsize=13:fontcolor=0x8593a8:x=w-text_w-40:y=33:text='MP4 360p',format=yuv420p[vmp4]
"

# --- the sound ---------------------------------------------------------------

# A soft 440 Hz that breathes once a second, with a fifth below it that comes
# and goes with the comet. Quiet on purpose: the demo starts playing by itself.
sound="aevalsrc=
	0.05*sin(2*PI*440*t)*(0.55+0.45*cos(2*PI*t))
	+0.05*sin(2*PI*293.66*t)*(0.5-0.5*cos(2*PI*t/$segment)):
	s=44100:d=$seconds,afade=t=in:d=0.4,afade=t=out:st=$((seconds - 1)):d=1,asplit=3[a360][a180][amp4]"

graph=$(printf '%s;%s' "$picture" "$sound" | tr -d '\n\t')

# --- the files ---------------------------------------------------------------

# Keyframes only where a segment begins, so that both renditions can be cut and
# switched at the same instants. One thread and bitexact: the same ffmpeg makes
# the same bytes.
video="-c:v libx264 -profile:v main -preset veryslow -threads 1 -g $((segment * rate)) -keyint_min $((segment * rate)) -sc_threshold 0"
audio="-c:a aac -ac 1"
exact="-fflags +bitexact -flags:v +bitexact -flags:a +bitexact -map_metadata -1"
hls="-f hls -hls_time $segment -hls_playlist_type vod -hls_list_size 0"

# shellcheck disable=SC2086 # the option lists above are meant to be split
ffmpeg -hide_banner -loglevel warning -y -filter_complex "$graph" \
	-map '[v360]' -map '[a360]' $video -level 3.0 -crf 21 -maxrate 400k -bufsize 800k $audio -b:a 48k $exact \
	$hls -hls_segment_filename "$out/360p/%d.ts" "$out/360p/index.m3u8" \
	-map '[v180]' -map '[a180]' $video -level 1.3 -crf 23 -maxrate 160k -bufsize 320k $audio -b:a 32k $exact \
	$hls -hls_segment_filename "$out/180p/%d.ts" "$out/180p/index.m3u8" \
	-map '[vmp4]' -map '[amp4]' $video -level 3.0 -crf 21 -maxrate 400k -bufsize 800k $audio -b:a 48k $exact \
	-movflags +faststart "$out/clock.mp4"

# Written by hand: with a quality target instead of a bit rate, ffmpeg's own
# master playlist would lack BANDWIDTH. The test holds these against the files.
cat >"$out/master.m3u8" <<'END'
#EXTM3U
#EXT-X-VERSION:3
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=190000,RESOLUTION=640x360,FRAME-RATE=25.000,CODECS="avc1.4d401e,mp4a.40.2"
360p/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=115000,RESOLUTION=320x180,FRAME-RATE=25.000,CODECS="avc1.4d400d,mp4a.40.2"
180p/index.m3u8
END

du -ab "$out" | sort -k2
