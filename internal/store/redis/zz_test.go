package redis
import ("testing";"strings";"fmt";"time";"sync";"syscall";"context"
goredis "github.com/redis/go-redis/v9"
"github.com/usher-media/usher/internal/gate"
"github.com/usher-media/usher/internal/store/redistest")
func cpu() float64 { var r syscall.Rusage; syscall.Getrusage(0,&r); return float64(r.Utime.Sec+r.Stime.Sec)*1e6+float64(r.Utime.Usec+r.Stime.Usec) }
func TestZZ(t *testing.T) {
	srv := redistest.Start(t)
	s := open(t, srv.URL(), nil)
	c := admin(t, srv.URL())
	o := visit(t, s, link(t, s, gate.Terms{}))
	watch(t, s, o, "film")
	rcpu := func() float64 { var u,y float64; for _, l := range strings.Split(c.Info(context.Background(),"cpu").Val(), "\r\n") { fmt.Sscanf(l,"used_cpu_user:%f",&u); fmt.Sscanf(l,"used_cpu_sys:%f",&y) }; return (u+y)*1e6 }
	run := func(name string, conc, n int, f func()) {
		a,b:=cpu(),rcpu(); start:=time.Now()
		var wg sync.WaitGroup
		for range conc { wg.Go(func(){ for range n/conc { f() } }) }
		wg.Wait()
		el:=time.Since(start)
		fmt.Printf("%-20s conc %3d: %6.1f µs/op wall, client cpu %.1f, redis cpu %.1f\n", name, conc, float64(el.Microseconds())/float64(n), (cpu()-a)/float64(n), (rcpu()-b)/float64(n))
	}
	q:=query(o,"film")
	for range 2 {
	for _, conc := range []int{1,32,256} {
		run("hmget2", conc, 20000, func(){ s.client.HMGet(context.Background(), keysOf(o.Link).account(), "state","used").Result() })
		run("check", conc, 20000, func(){ if _, err := s.Check(context.Background(), q); err!=nil {t.Error(err)} })
	}
	for _, size := range []int{1,4,16} {
		run(fmt.Sprint("batch of ",size), 1, 20000/size, func(){ 
			pipe := s.client.Pipeline()
			k := keysOf(q.Link)
			for range size { pipe.HMGet(context.Background(), k.plays(q.Subject), q.Asset, ""); readSession(context.Background(), pipe, k.session(q.Session)); s.readAccount(context.Background(), pipe, k) }
			pipe.Exec(context.Background())
		})
	}
	}
	_ = goredis.Nil
}
